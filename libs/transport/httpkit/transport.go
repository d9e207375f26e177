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

// ErrAnswer says that an answer can't be read. It doesn't quote the answer, which may hold what nobody should read in a log.
var ErrAnswer = errors.New("the answer is malformed, or the connection broke")

// TransportError returns an error of asking a service without what it may quote of the answer: why the connection failed
// or ended, or that it took too long, and ErrAnswer for everything else.
func TransportError(err error) error {
	var late interface{ Timeout() bool }
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.As(err, &late) && late.Timeout() {
		return fmt.Errorf("no answer in time: %w", os.ErrDeadlineExceeded)
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
	return ErrAnswer
}
