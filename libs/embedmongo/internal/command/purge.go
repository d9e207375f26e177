package command

import (
	"context"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
)

const (
	// PurgeAfter is the delay between a request and the purge. It is longer than a transaction, and longer than
	// clients retry a write.
	PurgeAfter = 4 * time.Minute
	// purgeRetry is the pause after a failed purge.
	purgeRetry = time.Minute
)

// purgeDeleted handles purgeDeleted: 1, which MongoDB doesn't have. Data that is deleted or overwritten by now is
// removed from every file within twice the server's delay and the duration of the purge.
func purgeDeleted(r *request) (*bsonraw.Builder, error) {
	return bsonraw.NewBuilder(), r.s.engine.RequestPurge(time.Now(), r.s.PurgeAfter)
}

// purge runs the purges that are due until ctx ends.
func (s *Server) purge(ctx context.Context) {
	look := time.NewTicker(min(s.PurgeAfter, txSweepEvery))
	defer look.Stop()
	var retry time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		now := time.Now()
		due, err := s.engine.PurgeDue(now)
		if err == nil && due && now.After(retry) {
			s.cursors.closeIf(func(c *cursor) bool { return now.Sub(c.used) > min(s.PurgeAfter, time.Minute) })
			err = s.engine.Purge(ctx, now, s.PurgeAfter)
		}
		if err != nil && ctx.Err() == nil {
			retry = now.Add(min(s.PurgeAfter, purgeRetry))
			s.log.Warn("purge of deleted data: failed; retrying", "at", retry, "error", err)
		}
	}
}
