// Package sender sends webhook requests to addresses that tenants chose, and blocks internal addresses (SSRF
// protection).
//
// Begin with Sender.Send. Invariant: the check applies to the address that is dialled, after the name was resolved. So
// a name that resolves differently at the check and at the dial gains nothing (DNS rebinding). Redirects aren't
// followed, and proxies of the environment aren't used. Only the start of a response is read.
//
// The package doesn't retry; see dispatch.
package sender

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/timestamp"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/webhooks"
)

// The bounds of one attempt, and of the data stored about it.
const (
	Timeout        = 15 * time.Second // for the whole attempt
	dialTimeout    = 5 * time.Second
	maxHeaderBytes = 16 << 10
	keptBody       = 4 << 10
	keptHeaders    = 32
	keptValue      = 512
	userAgent      = "Fivechat-Webhooks/1"
)

// unreachable is the error both for a name that doesn't resolve and for an address that isn't allowed. Both take at
// least unreachableFor. A tenant must not learn which names and addresses exist in our network.
const (
	unreachable    = "the address is unknown or not allowed"
	unreachableFor = 250 * time.Millisecond
)

// Sender implements dispatch.Sender.
type Sender struct {
	client *http.Client
	tele   *telemetry.Telemetry
}

// New makes a Sender. By default it reaches only public internet addresses: no private networks and not this machine.
// allowed lists exceptions.
func New(allowed []netip.Prefix, t *telemetry.Telemetry) *Sender {
	var v4, v6 []netip.Prefix
	for _, p := range allowed {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guard.Safe}
	return &Sender{tele: t, client: &http.Client{
		Timeout:       Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    dialTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			MaxIdleConns:           256,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        30 * time.Second,
			DisableCompression:     true,
		},
	}}
}

// Send implements dispatch.Sender.
func (s *Sender) Send(ctx context.Context, w webhooks.Webhook, d webhooks.Delivery) webhooks.Attempt {
	ctx, span := s.tele.Tracer.Start(
		ctx, "webhook "+d.Type, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithLinks(telemetry.LinksTo(d.Trace)...), //nolint:contextcheck // links have none
		trace.WithAttributes(attribute.Int64("fivechat.website.id", w.WebsiteID.Int64()),
			attribute.Int64("fivechat.webhook.id", int64(w.ID)), attribute.Int64("fivechat.delivery.id", int64(d.ID)),
			attribute.String("messaging.message.id", d.EventID)),
	)
	defer span.End()
	start := time.Now()
	a := s.send(ctx, w, d, start)
	a.At, a.Took = timestamp.Of(start), time.Since(start)
	if a.Error == unreachable && a.Took < unreachableFor {
		wait(ctx, unreachableFor-a.Took)
		a.Took = unreachableFor
	}
	span.SetAttributes(attribute.Int("http.response.status_code", a.Status))
	if !a.Succeeded() {
		span.SetStatus(codes.Error, cmp.Or(a.Error, http.StatusText(a.Status)))
	}
	return a
}

// wait returns after d, or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (s *Sender) send(ctx context.Context, w webhooks.Webhook, d webhooks.Delivery, at time.Time) webhooks.Attempt {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, strings.NewReader(d.Body))
	if err != nil {
		return webhooks.Attempt{Error: "the URL cannot be requested"}
	}
	signed, err := signatures(w.Secrets(at), d.EventID, at, d.Body)
	if err != nil {
		return webhooks.Attempt{Error: "the secret cannot sign"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set(standardwebhooks.HeaderWebhookID, d.EventID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	s.tele.Propagate.Inject(ctx, propagation.HeaderCarrier(req.Header))
	a := webhooks.Attempt{Request: kept(req.Header)}
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signed)
	resp, err := s.client.Do(req)
	if err != nil {
		a.Error = reason(err)
		return a
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, keptBody))
	if err != nil { // the status counts, even if the body is incomplete
		a.Error = reason(err)
	}
	a.Status, a.Response, a.Body = resp.StatusCode, kept(resp.Header), webhooks.Cut(string(body), keptBody)
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		a.RetryAfter = time.Duration(min(seconds, int(webhooks.KeptFor.Seconds()))) * time.Second
	}
	return a
}

// signatures signs with every secret.
func signatures(secrets []string, id string, at time.Time, body string) (string, error) {
	signed := make([]string, len(secrets))
	for i, secret := range secrets {
		w, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return "", err
		}
		if signed[i], err = w.Sign(id, at, []byte(body)); err != nil {
			return "", err
		}
	}
	return strings.Join(signed, " "), nil
}

// secret are headers whose values must not be stored.
var secret = map[string]bool{
	"Set-Cookie":         true,
	"Authorization":      true,
	"Proxy-Authenticate": true,
	"Www-Authenticate":   true,
	"Cookie":             true,
}

// kept returns the headers as they are stored.
func kept(h http.Header) map[string]string {
	some := map[string]string{}
	for name, values := range h {
		switch {
		case len(some) == keptHeaders:
			return some
		case secret[name]:
			some[name] = "(not kept)"
		default:
			some[name] = webhooks.Cut(strings.Join(values, ", "), keptValue)
		}
	}
	return some
}

// reason describes for tenants why there was no response. It contains no information about our resolver or network.
func reason(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var wrapped *url.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork),
		errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrInvalidHostPort):
		return unreachable
	case errors.As(err, &wrapped) && wrapped.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &dns):
		return unreachable
	case errors.As(err, &cert):
		return "the certificate is not valid"
	case errors.As(err, &record):
		return "the receiver does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke off"
	default:
		return "the answer could not be understood"
	}
}
