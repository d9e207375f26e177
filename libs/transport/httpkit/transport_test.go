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

// TestTransportErrorsDoNotQuoteResponses: TransportError keeps the reason of a failed connection, and removes
// everything else that an error quotes.
func TestTransportErrorsDoNotQuoteResponses(t *testing.T) {
	t.Parallel()
	const secret = "5c_secret"
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	untrusted := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	for name, c := range map[string]struct{ err, want error }{
		"nothing":             {nil, nil},
		"refused":             {fmt.Errorf("%s: %w", secret, refused), syscall.ECONNREFUSED},
		"a closed connection": {fmt.Errorf("%s: %w", secret, io.EOF), io.ErrUnexpectedEOF},
		"a timeout": {
			fmt.Errorf("%s: %w", secret, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}), os.ErrDeadlineExceeded,
		},
		"the client gave up":       {context.Canceled, context.Canceled},
		"an untrusted certificate": {fmt.Errorf("%s: %w", secret, untrusted), untrusted},
		"a malformed header":       {fmt.Errorf("malformed HTTP response %q", secret), httpkit.ErrMalformedResponse},
	} {
		got := httpkit.TransportError(c.err)
		if !errors.Is(got, c.want) || got != nil && strings.Contains(got.Error(), secret) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
