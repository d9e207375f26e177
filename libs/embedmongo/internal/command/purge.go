package command

import (
	"context"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
)

const (
	// PurgeAfter is how long after a request the files are purged. It is longer
	// than a transaction and than a client tries a write again.
	PurgeAfter = 4 * time.Minute
	// purgeRetry is between attempts of a purge that failed.
	purgeRetry = time.Minute
)

// purgeDeleted answers purgeDeleted: 1, which MongoDB does not know. What has
// been deleted or overwritten by now is gone from every file after at most
// twice the server's delay and the time that the purge takes.
func purgeDeleted(r *request) (*bsonraw.Builder, error) {
	return bsonraw.NewBuilder(), r.s.engine.RequestPurge(time.Now(), r.s.purgeAfter)
}

// purge carries out the purges that are due until ctx ends.
func (s *Server) purge(ctx context.Context) {
	look := time.NewTicker(min(s.purgeAfter, txSweepEvery))
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
			s.cursors.closeIf(func(c *cursor) bool { return now.Sub(c.used) > min(s.purgeAfter, time.Minute) })
			err = s.engine.Purge(ctx, now, s.purgeAfter)
		}
		if err != nil && ctx.Err() == nil {
			retry = now.Add(min(s.purgeAfter, purgeRetry))
			s.log.Warn("purge of deleted data: failed; retrying", "at", retry, "error", err)
		}
	}
}
