package proxy

import (
	"context"
	"testing"
)

func TestStreamEndNamesTheFirstCause(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause error // of the context's end
		body  watchedBody
		out   boundedWriter
		want  string
	}{
		"the service ends it":       {want: endCompleted},
		"the service breaks it off": {body: watchedBody{failed: true}, want: endServiceFailed},
		"the client leaves": {
			cause: context.Canceled,
			body:  watchedBody{failed: true},
			want:  endClientLeft,
		},
		"the client leaves during a send": {out: boundedWriter{failed: true}, want: endClientLeft},
		"the client reads nothing": {
			cause: context.Canceled,
			out:   boundedWriter{failed: true, timedOut: true},
			want:  endWriteTimeout,
		},
		"the gateway drains":   {cause: ErrDraining, body: watchedBody{failed: true}, want: endDraining},
		"the token is revoked": {cause: ErrCredentialChanged, body: watchedBody{failed: true}, want: endCredential},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if c.cause != nil {
			cancel(c.cause)
		}
		if got := streamEnd(ctx, &c.body, &c.out); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		cancel(nil)
	}
}
