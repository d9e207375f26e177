package system

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"fivechat.dev/libs/store/mongokit"
)

// Placements gives what the services declare of their collections. They say it where they are put together, so this
// starts all of them in memory, and stops them again. A collection that several services declare is there once.
func Placements(ctx context.Context) ([]mongokit.Placement, error) {
	var mu sync.Mutex
	var all []mongokit.Placement
	s, err := Start(ctx, Options{Log: io.Discard, placed: func(some []mongokit.Placement) {
		mu.Lock()
		defer mu.Unlock()
		for _, p := range some {
			if !slices.ContainsFunc(all, func(q mongokit.Placement) bool { return q.Collection == p.Collection }) {
				all = append(all, p)
			}
		}
	}})
	if err != nil {
		return nil, err
	}
	err = s.Stop(context.WithoutCancel(ctx))
	for _, p := range all {
		err = errors.Join(err, p.Supported())
	}
	return all, err
}
