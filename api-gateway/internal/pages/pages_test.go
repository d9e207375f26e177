package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
)

func ask(t *testing.T, p *Pages, path string, header ...string) (*httptest.ResponseRecorder, error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	return w, p.Serve(w, r)
}

func TestPages(t *testing.T) {
	t.Parallel()
	with, err := New(true, "")
	if err != nil {
		t.Fatal(err)
	}
	without, err := New(false, "")
	if err != nil {
		t.Fatal(err)
	}
	const html, css, js = "text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript; charset=utf-8"
	for path, media := range map[string]string{
		"/console": html, "/console/": html, "/console/inbox/all/conv_1": html,
		"/console/licences.txt": "text/plain; charset=utf-8",
		"/docs":                 html, "/docs/docs.js": js, "/docs/docs.css": css,
		"/demo": html, "/demo/shop.css": css,
		"/openapi.json": "application/json",
	} {
		plain, err := ask(t, with, path)
		h := plain.Header()
		if err != nil || plain.Code != 200 || h.Get("Content-Type") != media || h.Get("X-Frame-Options") != "DENY" ||
			h.Get("Cache-Control") != "no-cache" || h.Get("ETag") == "" {
			t.Errorf("%s: %d %v %v", path, plain.Code, h, err)
		}
		for _, directive := range []string{
			"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'",
		} {
			if !strings.Contains(h.Get("Content-Security-Policy"), directive) {
				t.Errorf("%s: its policy lacks %s", path, directive)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "https:") {
			t.Errorf("%s: its policy lets it load from other hosts: %s", path, h.Get("Content-Security-Policy"))
		}
		if again, err := ask(t, with, path, "If-None-Match", h.Get("ETag")); err != nil || again.Code != 304 {
			t.Errorf("%s, with its tag: %d %v", path, again.Code, err)
		}
		if small, err := ask(t, with, path, "Accept-Encoding", "gzip"); err != nil ||
			small.Header().Get("Content-Encoding") != "gzip" || small.Body.Len() >= plain.Body.Len() {
			t.Errorf("%s, compressed: %v %v", path, small.Header(), err)
		}
		if _, err := ask(t, without, path); fault.Is(err, fault.NotFound) != strings.HasPrefix(path, "/demo") {
			t.Errorf("%s, without the demo: %v", path, err)
		}
	}
	for _, path := range []string{
		"/console/index.html", "/console/other.js", "/", "/demo/index.html", "/pages.go",
		"/console/assets/index-0.js", "/console/assets/index", "/console/inbox/other.js", "/consoles", "/docs/inbox",
	} {
		if _, err := ask(t, with, path); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestPreviewIsFramedByTheConsole: its policy lets the console frame it, and gives it an origin of its own. The other
// pages can't be framed.
func TestPreviewIsFramedByTheConsole(t *testing.T) {
	t.Parallel()
	p, err := New(false, "")
	if err != nil {
		t.Fatal(err)
	}
	page, err := ask(t, p, preview)
	if err != nil {
		t.Fatal(err)
	}
	policy := page.Header().Get("Content-Security-Policy")
	if policy != previewPolicy || page.Header().Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Errorf("the preview's headers: %v", page.Header())
	}
	for _, directive := range []string{"script-src 'self'", "frame-ancestors 'self'", "sandbox allow-scripts"} {
		if !strings.Contains(policy, directive) {
			t.Errorf("its policy lacks %s", directive)
		}
	}
	for _, path := range []string{preview + "/preview.js", preview + "/preview.css"} {
		if file, err := ask(t, p, path); err != nil || file.Code != http.StatusOK {
			t.Errorf("%s: %d %v", path, file.Code, err)
		}
	}
}
