package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/widgets"
)

// The largest numbers of bytes as transferred: of the script with its settings, and of this and the chat's.
const (
	budget    = 7 << 10
	allBudget = 30 << 10
)

const policyHeader = "Cross-Origin-Resource-Policy"

// TestScriptUsesNoUnsafeAPIs checks the properties that every page with the widget relies on.
func TestScriptUsesNoUnsafeAPIs(t *testing.T) {
	t.Parallel()
	if n := strings.Count(source, "SETTINGS"); n != 1 {
		t.Errorf("the settings have %d places, want 1", n)
	}
	for _, banned := range []string{
		"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".cssText",
		`"style",{`, "onclick",
	} {
		if strings.Contains(source, banned) || strings.Contains(string(panelSource), banned) {
			t.Errorf("the script uses %s, which lets data run or a strict content security policy refuse it", banned)
		}
	}
}

// one is a store with one widget.
type one struct {
	widgets.Store
	widget widgets.Widget
	loads  []time.Time
	away   bool
}

func (o *one) ByToken(context.Context, string) (widgets.Widget, error) { return o.widget, nil }
func (o *one) Loaded(_ context.Context, _ tenant.ID, at time.Time) error {
	if o.away {
		return errors.New("away")
	}
	o.loads = append(o.loads, at)
	o.widget.LoadedAt = at
	return nil
}

// ask sends a request to a handler, with headers given as pairs.
func ask(h http.Handler, value string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetPathValue("clientToken", value)
	r.SetPathValue("language", value)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(identity.With(r.Context(), identity.Principal{Kind: identity.Public})))
	return w
}

func handler(t *testing.T, store widgets.Store) http.Handler {
	t.Helper()
	h, err := newScripter(widgets.New(store, nil, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestScript(t *testing.T) {
	t.Parallel()
	store := &one{widget: widgets.Default(tenant.ID{}, "wgt_a")}
	h := handler(t, store)
	plain := ask(h, "wgt_a")
	head := plain.Header()
	if plain.Code != 200 || head.Get("Content-Type") != "text/javascript; charset=utf-8" ||
		head.Get("Cache-Control") != scriptCaching || head.Get("Content-Encoding") != "" {
		t.Errorf("answers %d %v", plain.Code, head)
	}
	small := ask(h, "wgt_a", "Accept-Encoding", "br, gzip")
	if small.Header().Get("Content-Encoding") != "gzip" || small.Header().Get("Vary") != "Accept-Encoding" ||
		small.Body.Len() > budget {
		t.Errorf("%d bytes of at most %d, %v", small.Body.Len(), budget, small.Header())
	}
	t.Logf("the script has %d bytes, %d on the line", plain.Body.Len(), small.Body.Len())
	z, err := gzip.NewReader(bytes.NewReader(small.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(z); err != nil || !bytes.Equal(content, plain.Body.Bytes()) {
		t.Errorf("compressed, it is another script: %v", err)
	}
	tag, other := head.Get("ETag"), small.Header().Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") || tag == other {
		t.Errorf("tags %s and %s", tag, other)
	}
	if again := ask(h, "wgt_a", "If-None-Match", tag); again.Code != 304 || again.Body.Len() != 0 ||
		again.Header().Get("ETag") != tag {
		t.Errorf("with its tag: %d", again.Code)
	}
	if again := ask(h, "wgt_a", "If-None-Match", other, "Accept-Encoding", "gzip"); again.Code != 304 {
		t.Errorf("compressed, with its tag: %d", again.Code)
	}
	store.widget.Color = "#123456"
	if changed := ask(h, "wgt_a", "If-None-Match", tag); changed.Code != 200 || changed.Header().Get("ETag") == tag ||
		!strings.Contains(changed.Body.String(), "#123456") {
		t.Errorf("changed: %d %s", changed.Code, changed.Header().Get("ETag"))
	}
	store.widget.ChatEnabled = false
	if disabled := ask(h, "wgt_a"); disabled.Code != 200 || disabled.Body.String() != off {
		t.Errorf("disabled: %d %s", disabled.Code, disabled.Body)
	}
	if malformed := ask(h, "no.token"); malformed.Code != 404 ||
		malformed.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("malformed: %d %v", malformed.Code, malformed.Header())
	}
}

// TestPanelIsKeptByItsVersion: browsers keep the panel that a script names, and no other one.
func TestPanelIsKeptByItsVersion(t *testing.T) {
	t.Parallel()
	loader := ask(handler(t, &one{widget: widgets.Default(tenant.ID{}, "wgt_a")}), "wgt_a")
	if !strings.Contains(loader.Body.String(), panelVersion) || loader.Header().Get(policyHeader) != "cross-origin" {
		t.Errorf("the script doesn't name the panel, or other sites can't load it: %v", loader.Header())
	}
	router := http.NewServeMux()
	router.Handle("GET /widget-panel/{version}", panel())
	for version, caching := range map[string]string{panelVersion: panelCaching, "0123": "no-store"} {
		r := httptest.NewRequest(http.MethodGet, "/widget-panel/"+version, nil)
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r.WithContext(identity.With(r.Context(), identity.Principal{Kind: identity.Public})))
		if w.Code != 200 || w.Header().Get("Cache-Control") != caching || w.Header().Get(policyHeader) != "cross-origin" {
			t.Errorf("%s: %d %v", version, w.Code, w.Header())
		}
		if both := compressed(t, w) + compressed(t, loader); both > allBudget {
			t.Errorf("both scripts have %d bytes of at most %d", both, allBudget)
		}
	}
	for _, version := range []string{"no.token", "ABC", strings.Repeat("0", 65)} {
		r := httptest.NewRequest(http.MethodGet, "/widget-panel/"+version, nil)
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r.WithContext(identity.With(r.Context(), identity.Principal{Kind: identity.Public})))
		if w.Code != 404 {
			t.Errorf("%s: %d", version, w.Code)
		}
	}
}

// compressed is the size of a response on the line.
func compressed(t *testing.T, w *httptest.ResponseRecorder) int {
	t.Helper()
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if _, err := z.Write(w.Body.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// TestHostileSettingsStayInTheirPlace: a website's settings can't break out of their place in the script.
func TestHostileSettingsStayInTheirPlace(t *testing.T) {
	t.Parallel()
	hostile := `</script><script>alert(1)</script> "});alert(1);({" <!-- ` + "\u2028 \u2029 \x00 \u202e 🐸"
	w := widgets.Default(tenant.ID{}, "wgt_a")
	w.WelcomeMessages, w.ChatFormFields = hostile, hostile
	made := ask(handler(t, &one{widget: w}), "wgt_a").Body.String()
	before, after, _ := strings.Cut(script, "SETTINGS")
	settings, left := strings.CutPrefix(made, before)
	settings, right := strings.CutSuffix(settings, after)
	if !left || !right {
		t.Fatal("the script has no settings")
	}
	var read view
	if err := json.Unmarshal([]byte(settings), &read); err != nil || read.WelcomeMessages != hostile {
		t.Errorf("%v: %q", err, read.WelcomeMessages)
	}
	for _, c := range []string{"<", "\u2028", "\u2029", "\x00"} {
		if strings.Contains(settings, c) {
			t.Errorf("the settings contain %q", c)
		}
	}
}

func TestFirstLoadByABrowserIsRecorded(t *testing.T) {
	t.Parallel()
	store := &one{widget: widgets.Default(tenant.ID{}, "wgt_a"), away: true}
	h := handler(t, store)
	if got := ask(h, "wgt_a", "Sec-Fetch-Dest", "script"); got.Code != 200 {
		t.Errorf("a load that cannot be noted: %d", got.Code)
	}
	store.away = false
	ask(h, "wgt_a", "User-Agent", "WordPress/6.4; plugin 1.0.1")
	if len(store.loads) != 0 {
		t.Error("a check of the token is taken for a load")
	}
	ask(h, "wgt_a", "Referer", "https://shop.example/")
	ask(h, "wgt_a", "Sec-Fetch-Dest", "script")
	if len(store.loads) != 1 {
		t.Errorf("%d loads are noted", len(store.loads))
	}
}

// TestLanguagesHaveTheSameTexts: every language has all texts that English has with their placeholders, and no others.
func TestLanguagesHaveTheSameTexts(t *testing.T) {
	t.Parallel()
	h, err := words()
	if err != nil {
		t.Fatal(err)
	}
	said := func(language string) map[string]string {
		t.Helper()
		var m map[string]string
		a := ask(h, language)
		if err := json.Unmarshal(a.Body.Bytes(), &m); a.Code != 200 || err != nil ||
			a.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %d %v", language, a.Code, err)
		}
		return m
	}
	files, err := languages.ReadDir("words")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 26 {
		t.Errorf("%d languages", len(files))
	}
	english := said("en")
	for _, f := range files {
		language := strings.TrimSuffix(f.Name(), ".json")
		m := said(language)
		if got, want := slices.Sorted(maps.Keys(m)), slices.Sorted(maps.Keys(english)); !slices.Equal(got, want) {
			t.Errorf("%s says %v, not %v", language, got, want)
		}
		for key, text := range m {
			if strings.TrimSpace(text) == "" || strings.Count(text, "#") != strings.Count(english[key], "#") {
				t.Errorf("%s: %s is %q", language, key, text)
			}
		}
		if !regexp.MustCompile(`[" ]` + language + `[" ]`).MatchString(source) {
			t.Errorf("the script does not know %s", language)
		}
	}
	for _, unknown := range []string{"xx", "..", "en.json", ""} {
		var f struct{ Code string }
		if a := ask(h, unknown); a.Code != 404 || json.Unmarshal(a.Body.Bytes(), &f) != nil ||
			f.Code != fault.NotFound.Code() {
			t.Errorf("%q: %d", unknown, a.Code)
		}
	}
}

// TestPreviewOfTheScript takes the settings of the page, also while the chat is switched off, and isn't recorded as a
// load. The script of the website's pages doesn't take them.
func TestPreviewOfTheScript(t *testing.T) {
	t.Parallel()
	store := &one{widget: widgets.Default(tenant.ID{}, "wgt_a")}
	store.widget.ChatEnabled = false
	h := handler(t, store)
	get := func(query string) string {
		r := httptest.NewRequest(http.MethodGet, "/"+query, nil)
		r.SetPathValue("clientToken", "wgt_a")
		r.Header.Set("Sec-Fetch-Dest", "script")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(identity.With(r.Context(), identity.Principal{Kind: identity.Public})))
		return w.Body.String()
	}
	const own = ",window.fivechatPreview)"
	if script := get("?preview=true"); !strings.Contains(script, own) || !strings.Contains(script, "wgt_a") {
		t.Errorf("the preview doesn't take the settings of its page: %.200s", script)
	}
	if len(store.loads) != 0 {
		t.Error("a preview is recorded as a load")
	}
	if problem := get("?preview=no"); !strings.Contains(problem, "must be true or false") {
		t.Errorf("a value that isn't true or false: %.200s", problem)
	}
	if script := get(""); script != off {
		t.Errorf("the script of a disabled chat: %.200s", script)
	}
	store.widget.ChatEnabled = true
	if script := get(""); strings.Contains(script, own) {
		t.Error("pages of the website can replace its settings")
	}
}
