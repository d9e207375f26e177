// Package eraser runs Task, which works on erasures and on departures of users that are due. Their state and their
// steps are in package accounts.
package eraser

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"fivechat.dev/services/accounts"
)

// The pauses between checks for an erasure that is due. One that this replica starts is worked on at once; the checks
// find the second runs of erasures, and those of a replica that has stopped.
const (
	pause = 5 * time.Second
	retry = 2 * time.Second // after an error
)

// Task works on erasures and departures. It runs on every replica; each belongs to the replica that has claimed it.
type Task struct {
	Service     *accounts.Service
	Assignments []accounts.Assignments // what users leave when they depart
	Logger      *slog.Logger
}

// Run works until ctx ends. Another replica, or this one after its next start, continues an erasure in progress.
func (t Task) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		erased, err := t.Service.EraseNext(ctx)
		departed, failed := t.Service.DepartNext(ctx, t.Assignments)
		wait := pause
		if err := errors.Join(err, failed); err != nil && ctx.Err() == nil {
			t.Logger.WarnContext(ctx, "erasure or departure: a step failed; it will be retried", "error", err)
			wait = retry
		} else if erased || departed {
			continue
		}
		select {
		case <-ctx.Done():
		case <-t.Service.Due():
		case <-time.After(wait):
		}
	}
	return nil
}
