package httpkit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// ErrMalformedResponse says that a response can't be read. It doesn't quote the response, which may hold secrets that
// must not be logged.
var ErrMalformedResponse = errors.New("the response is malformed, or the connection broke")

// TransportError returns err, the error of an HTTP request, without anything that it may quote of the response. It
// keeps why the connection failed or ended, and timeouts. Every other error becomes ErrMalformedResponse.
func TransportError(err error) error {
	var late interface{ Timeout() bool }
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.As(err, &late) && late.Timeout() {
		return fmt.Errorf("no response in time: %w", os.ErrDeadlineExceeded)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("the connection ended: %w", io.ErrUnexpectedEOF)
	}
	if named, is := errors.AsType[*net.OpError](err); is {
		return named
	}
	if named, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		return named
	}
	if named, is := errors.AsType[tls.AlertError](err); is {
		return named
	}
	return ErrMalformedResponse
}
