package httpkit_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"fivechat.dev/libs/transport/httpkit"
)

// TestTransportErrorsDoNotQuoteAnswers: what says why there is no answer stays; whatever else an error quotes is gone.
func TestTransportErrorsDoNotQuoteAnswers(t *testing.T) {
	t.Parallel()
	const secret = "5c_secret"
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	untrusted := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	for name, c := range map[string]struct{ err, want error }{
		"nothing":             {nil, nil},
		"refused":             {fmt.Errorf("%s: %w", secret, refused), syscall.ECONNREFUSED},
		"an end":              {fmt.Errorf("%s: %w", secret, io.EOF), io.ErrUnexpectedEOF},
		"late":                {fmt.Errorf("%s: %w", secret, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}), os.ErrDeadlineExceeded},
		"the client gave up":  {context.Canceled, context.Canceled},
		"a false certificate": {fmt.Errorf("%s: %w", secret, untrusted), untrusted},
		"a malformed head":    {fmt.Errorf("malformed HTTP response %q", secret), httpkit.ErrAnswer},
	} {
		got := httpkit.TransportError(c.err)
		if !errors.Is(got, c.want) || got != nil && strings.Contains(got.Error(), secret) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
