package front

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// watchAfter is how long into a request somebody begins to look whether its client is still there.
const watchAfter = time.Second

// aLongAgo is a deadline that lets nobody wait.
var aLongAgo = time.Unix(1, 0)

// watch looks whether the client of a request that takes long goes away, by reading: whoever waits sends nothing, or the
// next request. net/http does so from the start of each.
type watch struct {
	conn   *conn
	cancel context.CancelFunc
	timer  *time.Timer
	after  time.Duration

	mu      sync.Mutex
	over    bool          // the request has been answered
	reading chan struct{} // closed when the read that is under way has ended; nil without one
}

func newWatch(c *conn, cancel context.CancelFunc) *watch {
	w := &watch{conn: c, cancel: cancel, after: c.server.watchAfter, over: true}
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Stop()
	return w
}

func (w *watch) begin() {
	w.mu.Lock()
	w.over = false
	w.mu.Unlock()
	w.timer.Reset(w.after)
}

// end ends the watch: nobody reads from the connection any more.
func (w *watch) end() {
	w.timer.Stop()
	w.mu.Lock()
	w.over = true
	reading := w.reading
	w.mu.Unlock()
	if reading != nil {
		_ = w.conn.SetReadDeadline(aLongAgo) // a connection that cannot has ended
		<-reading
	}
}

func (w *watch) look() {
	w.mu.Lock()
	if w.over || w.reading != nil {
		w.mu.Unlock()
		return
	}
	done := make(chan struct{})
	w.reading = done
	_ = w.conn.SetReadDeadline(time.Time{}) // likewise
	w.mu.Unlock()
	var one [1]byte
	n, err := w.conn.Read(one[:])
	w.conn.in = append(w.conn.in, one[:n]...) // behind the request, which nobody changes
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		w.cancel()
	}
	w.mu.Lock()
	w.reading = nil
	w.mu.Unlock()
	close(done)
}
