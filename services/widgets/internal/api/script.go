package api

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/widgets"
)

// source is the widget script, built from services/widgets/web. SETTINGS is the placeholder of its settings, PANEL that
// of the version of panelSource.
//
//go:embed widget.js
var source string

// panelSource is the script of the chat and its panel, which the widget script loads when they are needed.
//
//go:embed panel.js
var panelSource []byte

// panelVersion is in the address of the panel's script, so that browsers can keep it.
var panelVersion = func() string {
	sum := sha256.Sum256(panelSource)
	return hex.EncodeToString(sum[:8])
}()

// script is source with the version of its panel.
var script = strings.Replace(source, "PANEL", `"`+panelVersion+`"`, 1)

// languages are the script's texts in every language, as JSON.
//
//go:embed words/*.json
var languages embed.FS

// inScript makes JSON safe in any script. In an inline script, "<" could end it. Before ECMAScript 2019, two Unicode
// line separators ended a string.
var inScript = strings.NewReplacer("<", `\u003c`, "\u2028", `\u2028`, "\u2029", `\u2029`)

const (
	javaScript = "text/javascript; charset=utf-8"
	jsonMedia  = "application/json"
	// A browser revalidates after a minute, and shows its cached copy meanwhile. The copy isn't much older than the panel
	// that it loads.
	scriptCaching = "public, max-age=60, stale-while-revalidate=3600"
	panelCaching  = "public, max-age=31536000, immutable"
	wordsCaching  = "public, max-age=86400, stale-while-revalidate=604800"
	scripts       = 256 // cached scripts, each some 40 KB
)

// off is the script of a website whose chat is disabled.
const off = "/* The chat of this website is switched off. */\n"

// scripter serves the script tags of sites. It isn't a request/response operation, so it isn't in the table of
// operations.
type scripter struct {
	s        *widgets.Service
	finished *lru.Cache[string, *httpkit.Asset] // by settings
}

func newScripter(s *widgets.Service) (*scripter, error) {
	finished, err := lru.New[string, *httpkit.Asset](scripts)
	return &scripter{s, finished}, err
}

// ServeHTTP responds with the script and the website's settings. Plugins of sites check a token by the status alone:
// exactly 404 for an unknown or malformed one. A website whose chat is disabled gets a script that does nothing.
//
// With the query parameter preview=true, the script takes settings that the page states, and its load isn't recorded.
func (p *scripter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	err := authz.Public.Check(identity.From(ctx))
	var widget widgets.Widget
	if err == nil {
		widget, err = p.s.Public(ctx, r.PathValue("clientToken"))
	}
	if fault.Is(err, fault.Invalid) {
		err = fault.Missing("widget")
	}
	isPreview := false
	if err == nil {
		isPreview, err = wantsPreview(r.URL)
	}
	var finished *httpkit.Asset
	if err == nil {
		finished, err = p.script(widget, isPreview)
	}
	if err != nil {
		httpkit.WriteProblem(w, r.URL.Path, httpkit.RequestID(ctx), err)
		return
	}
	if !isPreview && byBrowser(r.Header) {
		_ = p.s.Loaded(ctx, widget) // if it fails, the next load is recorded
	}
	w.Header().Set("Cache-Control", scriptCaching)
	forAnyPage(w.Header())
	finished.ServeHTTP(w, r)
}

// wantsPreview reads the query parameter preview. Without it, the script is that of the website's pages.
func wantsPreview(at *url.URL) (bool, error) {
	given := at.Query().Get("preview")
	if given == "" {
		return false, nil
	}
	wants, err := strconv.ParseBool(given)
	if err != nil {
		return false, fault.Bad("preview", "must be true or false")
	}
	return wants, nil
}

// forAnyPage lets pages of other origins load a script, also those with Cross-Origin-Embedder-Policy.
func forAnyPage(h http.Header) { h.Set("Cross-Origin-Resource-Policy", "cross-origin") }

// panel responds with the script of the panel. For another version, of a script that a browser has kept or that a
// replica of another version served, it responds with this one and forbids to keep it.
func panel() http.Handler {
	script := httpkit.NewAsset(javaScript, panelSource)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		version := r.PathValue("version")
		err := authz.Public.Check(identity.From(r.Context()))
		if err == nil && !isVersion(version) {
			err = fault.Missing("panel")
		}
		if err != nil {
			httpkit.WriteProblem(w, r.URL.Path, httpkit.RequestID(r.Context()), err)
			return
		}
		caching := "no-store"
		if version == panelVersion {
			caching = panelCaching
		}
		w.Header().Set("Cache-Control", caching)
		forAnyPage(w.Header())
		script.ServeHTTP(w, r)
	})
}

// script returns the script of a widget. That of a preview also works while the chat is disabled.
func (p *scripter) script(widget widgets.Widget, isPreview bool) (*httpkit.Asset, error) {
	encoded, err := httpkit.Encode(viewOf(widget))
	if err != nil {
		return nil, err
	}
	settings := inScript.Replace(string(encoded))
	if isPreview {
		settings = "Object.assign(" + settings + ",window.fivechatPreview)"
	}
	if a, known := p.finished.Get(settings); known {
		return a, nil
	}
	content := off
	if widget.ChatEnabled || isPreview {
		content = strings.Replace(script, "SETTINGS", settings, 1)
	}
	a := httpkit.NewAsset(javaScript, []byte(content))
	p.finished.Add(settings, a)
	return a, nil
}

// byBrowser reports whether a page loads the script. A plugin's check of a token isn't a load.
func byBrowser(h http.Header) bool {
	return h.Get("Sec-Fetch-Dest") == "script" || h.Get("Referer") != ""
}

const maxVersion = 64 // digits

// isVersion reports whether a text can be the version of a panel: hexadecimal digits.
func isVersion(text string) bool {
	return text != "" && len(text) <= maxVersion && strings.Trim(text, "0123456789abcdef") == ""
}

// words responds with the script's texts in a language.
func words() (http.Handler, error) {
	files, err := languages.ReadDir("words")
	if err != nil {
		return nil, err
	}
	known := map[string]*httpkit.Asset{}
	for _, f := range files {
		content, err := languages.ReadFile("words/" + f.Name())
		if err != nil {
			return nil, err
		}
		known[strings.TrimSuffix(f.Name(), ".json")] = httpkit.NewAsset(jsonMedia, content)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := authz.Public.Check(identity.From(r.Context()))
		language := known[r.PathValue("language")]
		if err == nil && language == nil {
			err = fault.Missing("language")
		}
		if err != nil {
			httpkit.WriteProblem(w, r.URL.Path, httpkit.RequestID(r.Context()), err)
			return
		}
		w.Header().Set("Cache-Control", wordsCaching)
		forAnyPage(w.Header())
		language.ServeHTTP(w, r)
	}), nil
}
