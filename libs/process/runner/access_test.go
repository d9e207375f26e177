package runner_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"fivechat.dev/libs/process/runner"
)

// TestAdminListenerRefusesForeignHosts: a page that reaches the listener by a name of its own (DNS rebinding) gets
// 421.
func TestAdminListenerRefusesForeignHosts(t *testing.T) {
	t.Parallel()
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	guarded := runner.AdminAccess{Hosts: []string{"metrics.fivechat.svc", ""}}.Guard(http.NotFoundHandler())
	for host, allowed := range map[string]bool{
		"127.0.0.1:9090": true, "127.0.0.1": true, "[::1]:9090": true, "[::1]": true, "10.1.2.3:9090": true,
		"[fd00::1]:9090": true,
		"localhost:9090": true, "LOCALHOST": true, "a.localhost:80": true, own + ":9090": true, own: true,
		"metrics.fivechat.svc:9090": true, "Metrics.Fivechat.Svc.": true,
		"evil.example:9090": false, "evil.example": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example":            false,
		"metrics.fivechat.svc.evil.example": false, "": false, ":9090": false, "notlocalhost": false,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Host = host
		guarded.ServeHTTP(w, r)
		if got := w.Code != http.StatusMisdirectedRequest; got != allowed {
			t.Errorf("Host %q: status %d, want it allowed: %t", host, w.Code, allowed)
		}
	}
}

// TestProfilesAreServedOnlyIfEnabled: the setting changes no other path, and a foreign Host gets no profile.
func TestProfilesAreServedOnlyIfEnabled(t *testing.T) {
	t.Parallel()
	for set, want := range map[bool]int{false: http.StatusNotFound, true: http.StatusOK} {
		r, err := runner.Start(unit(t, runner.Unit{Access: runner.AdminAccess{Profiles: set}}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Stop(t.Context()) })
		if status, _ := get(t, r.URL(runner.Admin)+"/debug/pprof/goroutine"); status != want {
			t.Errorf("profiles are set to %t: status %d, want %d", set, status, want)
		}
		if status, _ := get(t, r.URL(runner.Admin)+"/livez"); status != http.StatusOK {
			t.Errorf("/livez: status %d", status)
		}
		foreign, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL(runner.Admin)+"/livez", nil)
		if err != nil {
			t.Fatal(err)
		}
		foreign.Host = "evil.example"
		resp, err := http.DefaultClient.Do(foreign)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("a foreign Host: status %d", resp.StatusCode)
		}
	}
}
