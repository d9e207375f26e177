package edge

import (
	"context"
	"sync"
	"time"
)

// lifetime is a context with a deadline that creates no timer until Done is called, which few requests do.
// context.WithTimeout, with its timer and registration at the parent, took a twentieth of the processor time of
// forwarding.
type lifetime struct {
	context.Context // the connection's
	until           time.Time

	mu     sync.Mutex
	ended  bool
	inner  context.Context // set by the first call of Done
	cancel context.CancelFunc
}

func newLifetime(parent context.Context, length time.Duration) *lifetime {
	return &lifetime{Context: parent, until: time.Now().Add(length)}
}

// end is the CancelFunc.
func (l *lifetime) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.cancel != nil {
		l.cancel()
	}
}

// Deadline implements context.Context.
func (l *lifetime) Deadline() (time.Time, bool) { return l.until, true }

// Done implements context.Context.
func (l *lifetime) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner == nil {
		l.inner, l.cancel = context.WithDeadline(l.Context, l.until)
		if l.ended {
			l.cancel()
		}
	}
	return l.inner.Done()
}

// Err implements context.Context.
func (l *lifetime) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.inner != nil:
		return l.inner.Err()
	case l.ended:
		return context.Canceled
	case l.Context.Err() != nil:
		return l.Context.Err()
	case !time.Now().Before(l.until):
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements context.Context. It looks into inner, so that derived contexts are cancelled with it.
func (l *lifetime) Value(key any) any {
	l.mu.Lock()
	inner := l.inner
	l.mu.Unlock()
	if inner != nil {
		return inner.Value(key)
	}
	return l.Context.Value(key)
}
