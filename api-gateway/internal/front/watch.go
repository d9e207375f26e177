package front

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// watchAfter is the time after which a watch starts to check whether the client of a request is still connected.
const watchAfter = time.Second

// aLongAgo is a deadline that ends a blocked read at once.
var aLongAgo = time.Unix(1, 0)

// watch detects that the client of a slow request disconnects, by reading from the connection: a waiting client sends
// nothing, or its next request. net/http does this from the start of each request.
type watch struct {
	conn   *conn
	cancel context.CancelFunc
	timer  *time.Timer
	after  time.Duration

	mu      sync.Mutex
	ended   bool          // the handler has returned
	reading chan struct{} // closed at the end of the current read; nil without one
}

func newWatch(c *conn, cancel context.CancelFunc) *watch {
	w := &watch{conn: c, cancel: cancel, after: c.server.watchAfter, ended: true}
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Stop()
	return w
}

func (w *watch) begin() {
	w.mu.Lock()
	w.ended = false
	w.mu.Unlock()
	w.timer.Reset(w.after)
}

// end stops the watch. Afterwards it doesn't read from the connection.
func (w *watch) end() {
	w.timer.Stop()
	w.mu.Lock()
	w.ended = true
	reading := w.reading
	w.mu.Unlock()
	if reading != nil {
		_ = w.conn.SetReadDeadline(aLongAgo) // an error means that the connection has ended
		<-reading
	}
}

func (w *watch) look() {
	w.mu.Lock()
	if w.ended || w.reading != nil {
		w.mu.Unlock()
		return
	}
	done := make(chan struct{})
	w.reading = done
	_ = w.conn.SetReadDeadline(time.Time{}) // as above
	w.mu.Unlock()
	var one [1]byte
	n, err := w.conn.Read(one[:])
	w.conn.in = append(w.conn.in, one[:n]...) // appended after the request's bytes, which don't move
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		w.cancel()
	}
	w.mu.Lock()
	w.reading = nil
	w.mu.Unlock()
	close(done)
}
