package pages

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
)

func TestDemoPeopleAreShownOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "demo.json")
	text := `{"operatorKey":"hidden","people":[{"name":"Ada","email":"a@b.example","password":"p","role":"owner"}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	shown, err := New(true, file)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		peer, host, forwarded string
		served                bool
	}{
		"IPv4":                      {"127.0.0.1:4000", "127.0.0.1:8080", "", true},
		"IPv6":                      {"[::1]:4000", "localhost:8080", "", true},
		"another machine":           {"192.0.2.1:4000", "127.0.0.1:8080", "", false},
		"a proxy on this machine":   {"127.0.0.1:4000", "localhost", "192.0.2.1", false},
		"a name that resolves here": {"127.0.0.1:4000", "rebound.example:8080", "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, people, nil)
		r.RemoteAddr, r.Host = c.peer, c.host
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		w := httptest.NewRecorder()
		err := shown.Serve(w, r)
		body := w.Body.String()
		if c.served != (err == nil && strings.Contains(body, "a@b.example")) || !c.served && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v %s", name, err, body)
		}
		if strings.Contains(body, "hidden") {
			t.Errorf("%s: the response has more than people: %s", name, body)
		}
	}
	for _, none := range []string{"", filepath.Join(t.TempDir(), "missing.json")} {
		without, err := New(true, none)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, people, nil)
		r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost"
		if err := without.Serve(httptest.NewRecorder(), r); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", none, err)
		}
	}
}
