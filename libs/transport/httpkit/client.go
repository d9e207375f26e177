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

// maxAnswer bounds what is read of another service's answer, in bytes. Services answer with about 8 MiB at most.
const maxAnswer = 16 << 20

// ErrAnswerTooLarge is the error of a call whose answer has more than maxAnswer. Asking for less can help, asking again
// can't.
var ErrAnswerTooLarge = fmt.Errorf("httpkit: a service's answer is larger than %d bytes", maxAnswer)

// Client calls another service's internal operations in this service's name.
type Client struct {
	service string
	base    string
	host    string // of base
	keys    *identity.Keyring
	tele    *telemetry.Telemetry
	http    *http.Client
}

// NewClient makes a client of the service at base, an absolute URL without a path.
func NewClient(base string, keys *identity.Keyring, t *telemetry.Telemetry) *Client {
	_, host, _ := strings.Cut(base, "://")
	return &Client{t.Component, base, host, keys, t, &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, ResponseHeaderTimeout: DefaultTimeout, DisableCompression: true,
	}}}
}

// Call asks for method and path about one tenant's data (the zero tenant for what has none). A refusal comes back as
// the fault it was over there, so a remote failure is handled like a local one; no answer is Unavailable. Neither an error
// nor the span says the path, in which a token may stand.
func Call[Resp any](ctx context.Context, c *Client, t tenant.ID, method, path string, body any) (Resp, error) {
	var out Resp
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() { // who only looks whether there is something to do is in no trace
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

// do gives the status and the body of an answer that is no refusal. The status is 0 where there was no answer.
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
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		return 0, nil, ErrAnswerTooLarge
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

// Refusal reads what a service refused with: its problem as the fault that it was over there.
func Refusal(status int, retryAfter string, body []byte) error {
	var p Problem
	// A problem repeats the path of the request, which may hold what Decode refuses in a caller's body, such as a NUL.
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fault.Away("a service behind this operation", fmt.Errorf("answered %d", status))
	}
	if p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden {
		// It is us whom the sibling refused, not our caller: a mistake in the wiring.
		return fmt.Errorf("httpkit: refused by a sibling: %s: %s", p.Code, p.Detail)
	}
	f := fault.Coded(kindOf(p.Status), p.Code, p.Detail)
	f.Fields = p.Errors
	if s, err := strconv.Atoi(retryAfter); err == nil {
		f.RetryAfter = time.Duration(s) * time.Second
	}
	return f
}
