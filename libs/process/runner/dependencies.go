package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	pingInterval = 15 * time.Second // between two checks of a dependency that responds
	pingRetry    = 5 * time.Second  // between two checks of one that doesn't
	pingTimeout  = 2 * time.Second  // of one check
)

// watchDependencies returns a task that checks the component's dependencies in turn. It records the result in a
// metric, and logs changes.
func watchDependencies(u Unit) (Task, error) {
	up := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "fivechat_dependency_up", Help: "1 if the dependency responded to the component's last check, else 0.",
	}, []string{"dependency"})
	if err := u.Telemetry.Registry.Register(up); err != nil {
		return Task{}, fmt.Errorf("%s: %w", u.Name, err)
	}
	return Task{Name: "dependencies", Run: func(ctx context.Context) error {
		done := make(chan struct{}, len(u.Uses))
		for name, ping := range u.Uses {
			go func() {
				watch(ctx, u, name, ping, up)
				done <- struct{}{}
			}()
		}
		for range u.Uses {
			<-done
		}
		return nil
	}}, nil
}

// watch checks one dependency until ctx ends.
func watch(ctx context.Context, u Unit, name string, ping func(context.Context) error, up *prometheus.GaugeVec) {
	responding := true
	for {
		pinging, cancel := context.WithTimeout(ctx, pingTimeout)
		err := ping(pinging)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && responding:
			u.Telemetry.Log.WarnContext(ctx, "dependency doesn't respond", "dependency", name, "error", err)
		case err == nil && !responding:
			u.Telemetry.Log.InfoContext(ctx, "dependency responds again", "dependency", name)
		}
		responding = err == nil
		up.WithLabelValues(name).Set(map[bool]float64{true: 1}[responding])
		next := pingRetry
		if responding {
			next = pingInterval
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}
