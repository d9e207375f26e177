package idempotency

import (
	"context"
	"net/http"
	"sync"
	"time"

	"fivechat.dev/libs/transport/httpkit"
)

// The bounds of the outcomes that wait for the store. Those beyond them are not stored: the requests get 409 until
// their reservations expire.
const (
	maxLate      = 10_000
	maxLateBytes = 16 << 20
	lateWorkers  = 16                     // outcomes that are stored at the same time once the store responds
	latePause    = 100 * time.Millisecond // between two attempts of a worker
)

// outcome is a finished attempt whose result isn't stored yet.
type outcome struct {
	row      row
	response httpkit.Response
}

func (o outcome) bytes() int64 { return int64(len(o.response.Body)) + 1<<10 } // with what a row needs beside its body

// settleLater queues an outcome for Run.
func (s *Store) settleLater(r row, given httpkit.Response) {
	o := outcome{r, given}
	if s.budget.TryAcquire(o.bytes()) {
		select {
		case s.late <- o:
			return
		default:
			s.budget.Release(o.bytes())
		}
	}
	s.results.WithLabelValues("unkept").Inc()
}

// releaseLater queues the release of a reservation that may be stored although storing it failed.
func (s *Store) releaseLater(r row) {
	s.settleLater(r, httpkit.Response{Status: http.StatusServiceUnavailable})
}

// Run stores the outcomes that could not be stored when their requests ended, until ctx ends. The outcomes that are
// left then are lost: their reservations expire.
func (s *Store) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range lateWorkers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case o := <-s.late:
					s.results.WithLabelValues(s.settleNow(ctx, o)).Inc()
					s.budget.Release(o.bytes())
				}
			}
		})
	}
	workers.Wait()
	return nil
}

// settleNow stores an outcome, and repeats that until the store responds or the reservation has expired.
func (s *Store) settleNow(ctx context.Context, o outcome) (result string) {
	for s.now().Before(o.row.Until) {
		attempt, cancel := context.WithTimeout(ctx, settleTimeout)
		result, err := s.settle(attempt, o.row, o.response)
		cancel()
		if err == nil {
			return result
		}
		select {
		case <-ctx.Done():
			return "unkept"
		case <-time.After(latePause):
		}
	}
	return "unkept"
}
