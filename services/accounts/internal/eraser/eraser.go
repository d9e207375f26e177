// Package eraser carries out the erasures that are due.
package eraser

import (
	"context"
	"log/slog"
	"time"

	"fivechat.dev/services/accounts"
)

// The pauses between looks for an erasure that is due. Another replica may have taken one on.
const (
	pause = time.Second
	retry = 2 * time.Second // where the store does not answer
)

// Task works on every replica; an erasure belongs to the one that claimed it.
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
			t.Logger.WarnContext(ctx, "an erasure will be tried again", "error", err)
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
