package httpkit

import (
	"net/http"
	"time"
)

// WriteWithin runs write, which writes to the response of control and flushes it, under a write deadline. The deadline
// is cleared when write succeeds: over HTTP/2 an expired deadline resets the stream even if nothing is being written. A
// response without deadlines is written without one.
func WriteWithin(control *http.ResponseController, timeout time.Duration, write func() error) error {
	_ = control.SetWriteDeadline(time.Now().Add(timeout)) // a response that supports none has no deadline
	err := write()
	if err == nil {
		_ = control.SetWriteDeadline(time.Time{})
	}
	return err
}
