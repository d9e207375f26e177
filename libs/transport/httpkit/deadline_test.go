package httpkit_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"fivechat.dev/libs/transport/httpkit"
)

// deadlined records the write deadlines that are set.
type deadlined struct {
	http.ResponseWriter
	set []time.Time
}

func (d *deadlined) SetWriteDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

func TestWriteWithinClearsTheDeadlineAfterASuccessfulWrite(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for name, c := range map[string]struct {
		result  error
		cleared bool
	}{"success": {nil, true}, "failure": {broken, false}} {
		w := &deadlined{ResponseWriter: httptest.NewRecorder()}
		before := time.Now()
		err := httpkit.WriteWithin(http.NewResponseController(w), time.Minute, func() error {
			if len(w.set) != 1 || w.set[0].Before(before.Add(time.Minute)) {
				t.Errorf("%s: the deadlines during the write are %v", name, w.set)
			}
			return c.result
		})
		if !errors.Is(err, c.result) {
			t.Errorf("%s: %v", name, err)
		}
		if cleared := len(w.set) == 2 && w.set[1].IsZero(); cleared != c.cleared {
			t.Errorf("%s: the deadlines after the write are %v", name, w.set)
		}
	}
	plain := http.NewResponseController(httptest.NewRecorder())
	if err := httpkit.WriteWithin(plain, time.Minute, func() error { return nil }); err != nil {
		t.Errorf("a response without deadlines: %v", err)
	}
}
