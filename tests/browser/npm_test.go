package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// bundle returns a script of tests/browser/hosts, which is built from packages of npm.
func bundle(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), "tests", "browser", "hosts", "build", name+".js"))
	if err != nil {
		if os.Getenv("FIVECHAT_REQUIRE_BROWSER") != "" {
			t.Fatalf("tests/browser/hosts isn't built (make web builds it): %v", err)
		}
		t.Skip("tests/browser/hosts isn't built, so pages with packages of npm aren't tested (make web builds it)")
	}
	return string(text)
}

// app serves a site with a bundle at /app.js and pages at every other path. A page's number is in its text.
func app(t *testing.T, bundleName, html string, header ...string) string {
	t.Helper()
	script := bundle(t, bundleName)
	served := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		switch r.URL.Path {
		case "/favicon.ico":
			w.WriteHeader(http.StatusNoContent)
		case "/app.js":
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			fmt.Fprint(w, script)
		default:
			served++
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, strings.ReplaceAll(html, "NUMBER", fmt.Sprint(served)))
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestPagesThatReplaceTheirContent: the widget stays, with what the visitor has written, when a library replaces,
// morphs or hydrates the page.
func TestPagesThatReplaceTheirContent(t *testing.T) {
	t.Parallel()
	body := `<h1>Page NUMBER</h1><a href="/next">Next</a>`
	follow := "document.querySelector('a').click()"
	for name, c := range map[string]struct{ bundle, head, body, replace, done string }{
		"Turbo replaces the body": {
			"turbo", `TAG<script src="/app.js"></script>`, `<body>` + body, follow,
			"location.pathname === '/next' && document.body.innerText.includes('Page 2')",
		},
		"Turbo replaces a body with the tag": {
			"turbo", `<script src="/app.js"></script>`, `<body>` + body + `TAG`, follow,
			"location.pathname === '/next' && document.body.innerText.includes('Page 2')",
		},
		"Turbo morphs the page": {
			"turbo", `<meta name="turbo-refresh-method" content="morph">TAG<script src="/app.js"></script>`, `<body>` + body,
			"Turbo.visit(location.href, {action: 'replace'})", "document.body.innerText.includes('Page 2')",
		},
		"htmx boosts links": {
			"htmx", `TAG<script defer src="/app.js"></script>`, `<body hx-boost="true">` + body, follow,
			"location.pathname === '/next' && document.body.innerText.includes('Page 2')",
		},
		"React hydrates the document with another text": {
			"react", `TAG`, `<body><h1>server</h1>`,
			"const s = document.createElement('script'); s.src = '/app.js'; document.head.append(s)",
			"document.documentElement.hasAttribute('data-hydrated') && document.body.innerText === 'client'",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			html := `<!doctype html><html lang="en"><head><title>Shop</title>` + c.head + `</head>` + c.body + `</body></html>`
			v := open(t, desktop, app(t, c.bundle, strings.ReplaceAll(html, "TAG", tag(w.ClientToken))))
			v.works(t)
			v.do("$('.row textarea').focus()")
			v.write("half a sen")
			v.do("window.kept = true; " + c.replace)
			v.until(c.done)
			v.until("document.querySelectorAll('[data-fivechat]').length === 1 && $('.panel') && !$('.panel').hidden")
			if text := eval[string](v, "window.kept + $('.row textarea').value"); text != "truehalf a sen" {
				t.Errorf("the page has %q", text)
			}
			v.do("$('.row textarea').value = ''; fivechat('close')")
			v.until("$('.panel').hidden")
			v.works(t)
		})
	}
}

// TestTracedPages: requests with the headers of Sentry's tracing are allowed.
func TestTracedPages(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := open(t, desktop, app(t, "sentry", shop("en", `<script src="/app.js"></script>`, tag(w.ClientToken))))
	v.works(t)
}

// TestPrototypeJS: the widget works on a page with Prototype.js, which extends the classes of the browser.
func TestPrototypeJS(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := open(t, desktop, app(t, "prototype", shop("en", `<script src="/app.js"></script>`, tag(w.ClientToken))))
	v.until("typeof Prototype === 'object' && [1].first() === 1")
	v.works(t)
	v.quiet()
}

// TestLoaderInABundle: the npm package loads the widget once, on a page with the strictest policies.
func TestLoaderInABundle(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	options := `<script nonce="abc">window.options = {server: '` + w.URL + `/', clientToken: '` + w.ClientToken +
		`', language: 'en', nonce: 'abc'}</script>`
	v := open(t, desktop, app(t, "loader", shop("de", options, `<script defer nonce="abc" src="/app.js"></script>`),
		"Cross-Origin-Embedder-Policy", "require-corp", "Cross-Origin-Opener-Policy", "same-origin",
		"Content-Security-Policy", "default-src 'none'; script-src 'nonce-abc'; connect-src "+w.URL+
			"; require-trusted-types-for 'script'; trusted-types fivechat-widget-loader"))
	v.until("document.documentElement.hasAttribute('data-opened')")
	v.works(t)
	got := eval[string](v, "$('.row textarea').placeholder + document.scripts.length")
	if !strings.HasPrefix(got, "Write") ||
		!strings.HasSuffix(got, "3") {
		t.Errorf("the page has %s", got)
	}
	harness.Eventually(t, patience, "the visitor Vera", func() (bool, any) {
		rows := w.Reader().Get(t, "/visitors").List("data")
		return len(rows) == 1 && rows[0].Text("name") == "Vera", rows
	})
	v.quiet()
}
