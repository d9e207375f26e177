// Package eraser runs Task, which works on erasures that are due. The state of erasures, and their steps, are in
// package accounts.
package eraser

import (
	"context"
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

// Task works on erasures. It runs on every replica; an erasure belongs to the replica that has claimed it.
type Task struct {
	Service *accounts.Service
	Logger  *slog.Logger
}

// Run works until ctx ends. Another replica, or this one after its next start, continues an erasure in progress.
func (t Task) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		worked, err := t.Service.EraseNext(ctx)
		wait := pause
		if err != nil && ctx.Err() == nil {
			t.Logger.WarnContext(ctx, "erasure: a step failed; it will be retried", "error", err)
			wait = retry
		} else if worked {
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
