package edge

import (
	"context"
	"sync"
	"time"
)

// lifetime is a context with a deadline that costs nothing before somebody waits for its end, which hardly any request
// comes to: context.WithTimeout, with its timer and its place in its parent, was a twentieth of forwarding.
type lifetime struct {
	context.Context // the connection's
	until           time.Time

	mu     sync.Mutex
	over   bool
	inner  context.Context // once somebody waits
	cancel context.CancelFunc
}

func newLifetime(parent context.Context, length time.Duration) *lifetime {
	return &lifetime{Context: parent, until: time.Now().Add(length)}
}

// end is its CancelFunc.
func (l *lifetime) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
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
		if l.over {
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
	case l.over:
		return context.Canceled
	case l.Context.Err() != nil:
		return l.Context.Err()
	case !time.Now().Before(l.until):
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements context.Context. It finds what is inside, so that contexts made of this one end with it.
func (l *lifetime) Value(key any) any {
	l.mu.Lock()
	inner := l.inner
	l.mu.Unlock()
	if inner != nil {
		return inner.Value(key)
	}
	return l.Context.Value(key)
}
