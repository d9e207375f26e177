package sweeper_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/files/internal/sweeper"
)

// fake implements Service and Store: some files are due, and some steps fail.
type fake struct {
	due   int
	fails int
	since time.Time
}

func (f *fake) Sweep(context.Context) (int, error) {
	if f.fails > 0 {
		f.fails--
		return 0, errors.New("conversations is unavailable")
	}
	n := min(f.due, 50)
	f.due -= n
	return n, nil
}

func (f *fake) Overdue(context.Context) (time.Time, error) { return f.since, nil }

func TestSweeperSweepsUntilNothingIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{due: 120, fails: 1, since: time.Now().Add(-2 * time.Hour)}
		var log strings.Builder
		tele, err := telemetry.New(t.Context(), "files", telemetry.Config{LogTo: &log})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		w := sweeper.New(f, f, tele)
		go func() { ended <- w.Run(ctx) }()
		synctest.Wait()
		if f.due != 120 || !strings.Contains(log.String(), "retrying in 1m") {
			t.Errorf("after a failure %d are due, and the log is %s", f.due, log.String())
		}
		time.Sleep(61 * time.Second)
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil || f.due != 0 {
			t.Errorf("%d are due: %v", f.due, err)
		}
		for name, want := range map[string]float64{
			"fivechat_files_swept_total": 120, "fivechat_files_overdue_seconds": 7260,
		} {
			if got := value(t, tele.Registry, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	})
}

// value returns the value of a metric without labels.
func value(t *testing.T, r prometheus.Gatherer, name string) float64 {
	t.Helper()
	found, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range found {
		if family.GetName() == name {
			m := family.GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	t.Fatalf("%s is missing", name)
	return 0
}
