package limits_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/services/mail/internal/limits"
)

func TestLimitsOfMail(t *testing.T) {
	t.Parallel()
	limiter, err := ratelimit.New(nil, 1, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	l := limits.Limiter{Limiter: limiter}
	for name, want := range map[string]int{"website 1": 2_000, "website 2": 2_000, "server 192.0.2.1": 600} {
		n := 0
		for err = nil; err == nil && n <= 3_000; n++ {
			err = l.Take(t.Context(), name)
		}
		if n--; n < want || n > want+10 || !fault.Is(err, fault.Limited) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}
