package app_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/statistics/app"
)

// BenchmarkCurrent requests the statistics of a website with a million conversations, which are one row of sums. It
// reports the 99th percentile of the service's response time; the visitors service responds at once.
func BenchmarkCurrent(b *testing.B) {
	siblings := apitest.NewFake(b, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/online"):
			_, _ = io.WriteString(w, `{"online":15}`)
		case r.URL.RequestURI() == "/conversations/internal/events?after=0&limit=500":
			_, _ = io.WriteString(
				w,
				`[{"id":"r1","websiteId":1,"type":"conversations.imported","key":0,"at":"2026-01-02T03:04:05.678Z","pos":1,`+
					`"data":"{\"conversations\":1000000,\"messages\":7000000,\"answered\":900000,\"responseSeconds\":40500000}"}]`,
			)
		default:
			_, _ = io.WriteString(w, "[]")
		}
	}).URL
	unit, err := app.New(b.Context(), app.Config{
		Config: apitest.Config(b), ConversationsURL: siblings + "/conversations", VisitorsURL: siblings + "/visitors",
	})
	s := apitest.Serve(b, unit, err)
	for _, task := range unit.Tasks {
		go func() { _ = task.Run(b.Context()) }()
	}
	read := apitest.Token(1, identity.Read)
	for got := (map[string]any{}); got["totalConversations"] != 1e6; {
		got = s.Want(200, read, "GET", "/statistics/current", "")
	}
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		s.Want(200, read, "GET", "/statistics/current", "")
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
