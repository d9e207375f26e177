// Package browser tests the product with a real Chromium: pages of a site with the widget, and the system behind them.
// Without a Chromium the tests are skipped, unless FIVECHAT_REQUIRE_BROWSER requires one.
package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"fivechat.dev/tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	patience = 15 * time.Second // for reactions of a page
	// until one side sees the other's action, on a busy machine: far less than the 30 s between two refreshes of a page
	quick = 5 * time.Second
)

// chromium starts the one browser, in which every test has its own windows and storage. It ends with the process.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, exec.ErrNotFound
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 800))
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	browser, _ := chromedp.NewContext(allocator)
	return browser, chromedp.Do(browser)
})

// size is the size of a window.
type size struct {
	width, height int64
	phone         bool
	dark          bool
}

var (
	desktop = size{width: 1280, height: 800}
	dark    = size{width: 1280, height: 800, dark: true}
	phone   = size{width: 390, height: 844, phone: true}
)

// window is a page in a separate browser context.
type window struct {
	t     *testing.T
	ctx   context.Context
	width int64 // of the window: a phone's innerWidth grows with what is too wide

	mu       sync.Mutex
	complain []string // the page's errors and warnings

	events []traceEvent      // of the trace that runs
	trace  chan []traceEvent // the complete trace
}

// open opens a window at an address.
func open(t *testing.T, s size, url string) *window {
	t.Helper()
	browser, err := chromium()
	if err != nil {
		if os.Getenv("FIVECHAT_REQUIRE_BROWSER") != "" {
			t.Fatalf("there is no Chromium: %v", err)
		}
		t.Skipf("Chromium isn't installed, so pages aren't tested: %v", err)
	}
	return show(t, browser, s, url, chromedp.WithNewBrowserContext())
}

// tab opens another tab of the window's browser context: they share the storage.
func (w *window) tab(url string) *window {
	w.t.Helper()
	return show(w.t, w.ctx, desktop, url)
}

func show(t *testing.T, browser context.Context, s size, url string, options ...chromedp.ContextOption) *window {
	t.Helper()
	w := &window{t: t, width: s.width}
	ctx, cancel := chromedp.NewContext(browser, append(options, chromedp.WithListener(w.listen))...)
	t.Cleanup(cancel)
	w.ctx = ctx
	if err := chromedp.Do(ctx); err != nil { // the window lives as long as the context of its first action
		t.Fatal(err)
	}
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	send(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: s.height,
		DeviceScaleFactor: 2, Mobile: s.phone,
	})
	send(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	send(w, log.Enable, cdp.Empty{})
	send(w, runtime.Enable, cdp.Empty{})
	send(w, network.Enable, network.EnableParams{})
	w.run(chromedp.Navigate(url))
	return w
}

// send sends a command to the browser.
func send[P, R any](w *window, command cdp.Command[P, R], params P) R {
	w.t.Helper()
	r, err := try(w, command, params)
	if err != nil {
		w.t.Fatalf("%s: %v", command.Method, err)
	}
	return r
}

func try[P, R any](w *window, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(w.ctx, 2*patience)
	defer cancel()
	return chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (R, error) {
		return cdp.Call(ctx, t, command, params)
	})
}

func (w *window) listen(event any) {
	w.collect(event)
	said := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		said = "exception: " + thrown(e.ExceptionDetails)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			said = string(e.Entry.Source) + ": " + e.Entry.Text
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, a := range e.Args {
				said += string(a.Value) + a.Description + " "
			}
		}
	}
	if said != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.complain = append(w.complain, said)
	}
}

func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception != nil {
		return d.Text + " " + d.Exception.Description
	}
	return d.Text
}

// quiet checks that the page reported no error.
func (w *window) quiet() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.complain {
		w.t.Errorf("the page reports: %s", c)
	}
}

func (w *window) run(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 2*patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.t.Fatal(err)
	}
}

// prelude lets scripts of the tests look into the widget.
const prelude = `const widget = () => document.querySelector('[data-fivechat]')?.shadowRoot;
const $ = (s) => (widget() || document).querySelector(s), $$ = (s) => [...(widget() || document).querySelectorAll(s)];
const texts = (s) => $$(s).map((e) => e.textContent);
`

// eval returns the value of an expression in the page.
func eval[T any](w *window, expression string) T {
	w.t.Helper()
	v, err := look[T](w, expression)
	if err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// look is like eval, but returns an error: a page that is being left doesn't respond.
func look[T any](w *window, expression string) (v T, err error) {
	r, err := try(w, runtime.Evaluate, runtime.EvaluateParams{
		Expression:   "(async () => {" + prelude + "return JSON.stringify(await (" + expression + "));})()",
		AwaitPromise: new(true), ReturnByValue: new(true),
	})
	if err != nil {
		return v, err
	}
	if r.ExceptionDetails != nil {
		return v, errors.New(thrown(r.ExceptionDetails))
	}
	if len(r.Result.Value) == 0 {
		return v, nil
	}
	var text string
	if err := json.Unmarshal(r.Result.Value, &text); err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(text), &v)
}

// do runs statements in the page.
func (w *window) do(statements string) {
	w.t.Helper()
	eval[any](w, "(async () => {"+statements+"; return null;})()")
}

// reload loads the page again and waits for the new one. Until it is there, scripts still run in the old page, where
// what they wait for may already be true.
func (w *window) reload() {
	w.t.Helper()
	w.do("window.old = true; location.reload()")
	w.until("!window.old")
}

// until waits until an expression is true.
func (w *window) until(expression string) {
	w.t.Helper()
	w.within(patience, expression)
}

func (w *window) within(d time.Duration, expression string) {
	w.t.Helper()
	harness.Eventually(w.t, d, expression, func() (bool, any) {
		holds, err := look[bool](w, "!!("+expression+")")
		if holds || err != nil {
			return holds, err
		}
		return false,
			eval[any](w,
				"{where: location.href, widget: widget()?.querySelector('.panel')?.innerText, page: "+
					"document.body?.innerText.slice(0, 2000)}")
	})
}

// press presses a key at the focus: "Tab", "Enter", "ArrowDown". text is the text that it types, or "".
func (w *window) press(key, text string) {
	w.t.Helper()
	code := map[string]int64{"Tab": 9, "Enter": 13, "Escape": 27, "Delete": 46}[key]
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		send(w, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: kind, Key: key, Code: key,
			WindowsVirtualKeyCode: code, Text: text,
		})
		text = ""
	}
}

// write types text at the focus, as a person would.
func (w *window) write(text string) {
	w.t.Helper()
	send(w, input.InsertText, input.InsertTextParams{Text: text})
}

// offline disconnects the page, or reconnects it.
func (w *window) offline(cut bool) {
	w.t.Helper()
	send(w, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: cut, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	send(w, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: cut, DownloadThroughput: -1,
		UploadThroughput: -1,
	})
}

// paper shows the page as it is printed.
func (w *window) paper() {
	w.t.Helper()
	send(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
}

// picture takes a screenshot of the window if FIVECHAT_SCREENSHOTS names a folder. Names may end in .png; otherwise the
// format is WebP.
func (w *window) picture(name string) {
	w.t.Helper()
	dir := os.Getenv("FIVECHAT_SCREENSHOTS")
	if dir == "" {
		return
	}
	format := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng}
	if !strings.HasSuffix(name, ".png") {
		name += ".webp"
		format = page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: new(int64(80))}
	}
	shot := send(w, page.CaptureScreenshot, format)
	if err := os.WriteFile(filepath.Join(dir, name), shot.Data, 0o644); err != nil {
		w.t.Error(err)
	}
}

// accessible runs axe-core to find accessibility violations.
func (w *window) accessible() {
	w.t.Helper()
	path := filepath.Join(harness.Root(w.t), "services", "widgets", "web", "node_modules", "axe-core", "axe.min.js")
	source, err := os.ReadFile(path)
	if err != nil {
		if os.Getenv("FIVECHAT_REQUIRE_BROWSER") != "" {
			w.t.Fatalf("axe-core isn't installed (make web installs it): %v", err)
		}
		w.t.Log("axe-core isn't installed (make web installs it), so accessibility isn't checked")
		return
	}
	send(w, runtime.Evaluate, runtime.EvaluateParams{Expression: string(source)})
	type finding struct {
		ID, Impact, Help string
		Nodes            []struct {
			HTML           string
			FailureSummary string
		}
	}
	for _, f := range eval[[]finding](w,
		`axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', `+
			`'best-practice']}).then((r) => r.violations)`) {
		if f.Impact == "serious" || f.Impact == "critical" {
			w.t.Errorf("%s (%s): %s: %+v", f.ID, f.Impact, f.Help, f.Nodes)
		} else {
			w.t.Logf("%s (%s): %s: %+v", f.ID, f.Impact, f.Help, f.Nodes)
		}
	}
}

// site serves a page of a website at its own origin.
func site(t *testing.T, html string, header ...string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, html)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// shop is a page with tags in its head.
func shop(language string, tags ...string) string {
	return `<!doctype html><html lang="` + language +
		`"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, ` +
		`initial-scale=1"><title>Harbour Books</title>` +
		strings.Join(tags, "") +
		`</head><body><main><h1>Harbour Books</h1><p>Charts, atlases and tales of the sea.</p></main></body></html>`
}

// tag is the ordinary script tag.
func tag(client string) string {
	return `<script async src="` + harness.Running().URL + "/widget/" + client + `?ver=1.0.1"></script>`
}
