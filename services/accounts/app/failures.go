package app

import (
	"context"
	"log/slog"
	"time"

	"fivechat.dev/services/accounts"
)

// How often failed sign-ins are written to the audit log, and how long that may take when the process stops.
const (
	failuresPause   = 2 * time.Second
	failuresAtStop  = 5 * time.Second
	failuresTimeout = 30 * time.Second
)

// writeFailures returns the task that writes failed sign-ins to the audit log. At a clean stop it writes those that are
// left; the process waits for tasks after the last request.
func writeFailures(people *accounts.People, log *slog.Logger) func(context.Context) error {
	write := func(ctx context.Context, all bool, timeout time.Duration) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		missed, err := people.WriteFailures(ctx, all)
		if err != nil {
			log.WarnContext(ctx, "failed sign-ins: writing the audit log failed; it will be retried", "error", err)
		}
		if missed > 0 {
			log.WarnContext(ctx, "failed sign-ins: too many persons; some are missing in the audit log", "missing", missed)
		}
	}
	return func(ctx context.Context) error {
		ticker := time.NewTicker(failuresPause)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				write(ctx, true, failuresAtStop)
				return nil
			case <-ticker.C:
				write(ctx, false, failuresTimeout)
			}
		}
	}
}
