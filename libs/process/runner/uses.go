package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	lookEvery   = 5 * time.Second // between looks at what a component uses
	lookTimeout = 2 * time.Second // of one look
)

// look makes the task that looks again and again whether what a component uses is there, and says so in its registry
// and, where it changes, in its log.
func look(u Unit) (Task, error) {
	up := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "fivechat_dependency_up", Help: "Whether what a component uses answered it when it last looked: 1, or 0.",
	}, []string{"dependency"})
	if err := u.Telemetry.Registry.Register(up); err != nil {
		return Task{}, fmt.Errorf("%s: %w", u.Name, err)
	}
	return Task{Name: "dependencies", Run: func(ctx context.Context) error {
		done := make(chan struct{}, len(u.Uses))
		for name, ping := range u.Uses {
			go func() {
				lookAt(ctx, u, name, ping, up)
				done <- struct{}{}
			}()
		}
		for range u.Uses {
			<-done
		}
		return nil
	}}, nil
}

// lookAt looks at one dependency until ctx ends.
func lookAt(ctx context.Context, u Unit, name string, ping func(context.Context) error, up *prometheus.GaugeVec) {
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	there := true
	for {
		looking, cancel := context.WithTimeout(ctx, lookTimeout)
		err := ping(looking)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && there:
			u.Telemetry.Log.WarnContext(ctx, "a dependency is away", "dependency", name, "error", err)
		case err == nil && !there:
			u.Telemetry.Log.InfoContext(ctx, "a dependency is back", "dependency", name)
		}
		there = err == nil
		up.WithLabelValues(name).Set(map[bool]float64{true: 1}[there])
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}
