package httpkit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
)

// maxResponse bounds the response of another service, in bytes. The largest responses of services have about 8 MiB.
const maxResponse = 16 << 20

// ErrResponseTooLarge is returned for a response larger than maxResponse. A retry can't help, a smaller request can.
var ErrResponseTooLarge = fmt.Errorf("httpkit: a service's response is larger than %d bytes", maxResponse)

// Client calls internal operations of another service. It identifies itself as this service.
type Client struct {
	service string
	base    string
	host    string // the host of base
	keys    *identity.Keyring
	tele    *telemetry.Telemetry
	http    *http.Client
}

// NewClient returns a client of the service at base, an absolute URL without a path.
func NewClient(base string, keys *identity.Keyring, t *telemetry.Telemetry) *Client {
	_, host, _ := strings.Cut(base, "://")
	return &Client{t.Component, base, host, keys, t, &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, ResponseHeaderTimeout: DefaultTimeout,
		DisableCompression: true,
	}}}
}

// Call sends a request about one tenant's data; t is the zero tenant if the request concerns none. An error response
// is returned as the fault that the other service reported, so that callers handle remote failures like local ones.
// The error is Unavailable if there is no response. Neither errors nor spans contain the path, which may hold a token.
func Call[Resp any](ctx context.Context, c *Client, t tenant.ID, method, path string, body any) (Resp, error) {
	var out Resp
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() { // polling requests that find no work aren't traced
		ctx, span = c.tele.Tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindClient))
		defer span.End()
	}
	status, b, err := c.do(ctx, t, method, path, body)
	if span.IsRecording() {
		span.SetAttributes(attribute.String("http.request.method", method), attribute.String("server.address", c.host))
		if status > 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", status))
		}
		if err != nil && (status == 0 || status >= http.StatusInternalServerError) {
			span.SetStatus(codes.Error, fault.From(err).Code)
		}
	}
	if err != nil || len(b) == 0 {
		return out, err
	}
	return out, Decode(b, &out, true)
}

// do returns the status and the body of a response below 400. The status is 0 if there was no response.
func (c *Client) do(ctx context.Context, t tenant.ID, method, path string, body any) (int, []byte, error) {
	req, err := c.request(ctx, t, method, path, body)
	if err != nil {
		return 0, nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return 0, nil, ctx.Err()
		}
		return 0, nil, fault.Away("a service behind this operation", fmt.Errorf("%s: %w", c.host, TransportError(err)))
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err == nil && len(b) > maxResponse {
		return 0, nil, ErrResponseTooLarge
	}
	if err != nil {
		return 0, nil, fault.Away("a service behind this operation", fmt.Errorf("%s: %w", c.host, TransportError(err)))
	}
	if resp.StatusCode >= 400 {
		return resp.StatusCode, nil, Refusal(resp.StatusCode, resp.Header.Get("Retry-After"), b)
	}
	return resp.StatusCode, b, nil
}

func (c *Client) request(ctx context.Context, t tenant.ID, method, path string, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		b, err := Encode(body)
		if err != nil {
			return nil, fmt.Errorf("httpkit: encode: %w", err)
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return nil, fmt.Errorf("httpkit: %w", err)
	}
	assertion, err := c.keys.Sign(identity.Principal{Kind: identity.Service, Service: c.service, Website: t})
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set(identity.Header, assertion)
	req.Header.Set(RequestIDHeader, RequestID(ctx))
	if deadline, ok := ctx.Deadline(); ok {
		req.Header.Set(TimeoutHeader, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10))
	}
	c.tele.Propagate.Inject(ctx, propagation.HeaderCarrier(req.Header))
	return req, nil
}

// Refusal turns the problem in another service's response into the fault that the service reported.
func Refusal(status int, retryAfter string, body []byte) error {
	var p Problem
	// A problem repeats the request's path, which may contain characters that Decode refuses, such as NUL.
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fault.Away("a service behind this operation", fmt.Errorf("answered %d", status))
	}
	if p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden {
		// The other service refused our assertion, not our caller: the installation is misconfigured.
		return fmt.Errorf("httpkit: refused by another service: %s: %s", p.Code, p.Detail)
	}
	f := fault.Coded(kindOf(p.Status), p.Code, p.Detail)
	f.Fields, f.Existing = p.Errors, p.Existing
	if s, err := strconv.Atoi(retryAfter); err == nil {
		f.RetryAfter = time.Duration(s) * time.Second
	}
	return f
}
