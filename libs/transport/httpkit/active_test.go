package httpkit_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fivechat.dev/libs/transport/httpkit"
)

// TestActiveRequestsAndPanicsAreCounted: requests and streams in progress are counted apart. A panic outside of any
// operation is counted and ends the connection.
func TestActiveRequestsAndPanicsAreCounted(t *testing.T) {
	t.Parallel()
	s := serve(t)
	router := s.Config.Handler.(*httpkit.Router)
	started, end := make(chan struct{}), make(chan struct{})
	router.Stream("GET /stream", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-end
	}))
	router.Mount("POST /broken", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }))
	router.Mount(
		"POST /aborted",
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
	)

	active := func(class string) float64 {
		families, err := s.tele.Registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == "http_server_active_requests" && m.GetLabel()[0].GetValue() == class {
					return m.GetGauge().GetValue()
				}
			}
		}
		t.Fatalf("the metric has no class %s", class)
		return 0
	}
	responded := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/stream", nil)
		if err == nil {
			var resp *http.Response
			if resp, err = http.DefaultClient.Do(req); err == nil {
				err = resp.Body.Close()
			}
		}
		responded <- err
	}()
	<-started
	if got := [2]float64{active("stream"), active("request")}; got != [2]float64{1, 0} {
		t.Errorf("%v streams and requests are in progress, want one and none", got)
	}
	close(end)
	if err := <-responded; err != nil {
		t.Error(err)
	}
	for path, want := range map[string]float64{"/broken": 1, "/aborted": 0} {
		before := testutil.ToFloat64(s.tele.Panics)
		if resp, err := http.Post(s.URL+path, "", nil); err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
		if got := testutil.ToFloat64(s.tele.Panics) - before; got != want {
			t.Errorf("%s counts as %v panics, want %v", path, got, want)
		}
	}
	if got := [2]float64{active("stream"), active("request")}; got != [2]float64{} {
		t.Errorf("%v streams and requests are in progress at the end", got)
	}
}
