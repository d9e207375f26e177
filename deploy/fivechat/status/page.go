package status

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed status.html
var markup string

//go:embed status.css
var style string

var page = template.Must(template.New("status").Funcs(template.FuncMap{
	"rate": rate, "share": share, "span": span, "away": away,
	"round": func(s float64) string { return fmt.Sprintf("%.0f", s) },
}).Parse(markup))

// policy lets the page use its own style and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; frame-ancestors 'none'"
}()

// refresh is how often a page reloads itself, in seconds, where it is asked to.
const refresh = 5

// patience bounds an answer, of which readiness takes the longest.
const patience = 5 * time.Second

// ServeHTTP answers with the page, or with JSON if the request accepts only JSON or names it before HTML. The page
// reloads itself with ?refresh only, because a page that changes while it is read is hard to use for some readers.
func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	s, err := b.Status(ctx)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept")
	h.Set("X-Content-Type-Options", "nosniff")
	var out bytes.Buffer
	if wantsJSON(r) {
		h.Set("Content-Type", "application/json; charset=utf-8")
		err = json.NewEncoder(&out).Encode(s)
	} else {
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		err = page.Execute(&out, struct {
			Status
			Style     template.CSS
			Refresh   int
			Refreshes bool
		}{s, template.CSS(style), refresh, r.URL.Query().Has("refresh")}) //nolint:gosec // it is our own
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(out.Bytes()) // an error means that the client has disconnected
}

// wantsJSON says whether JSON is asked for by name, and HTML is not asked for before it.
func wantsJSON(r *http.Request) bool {
	for _, one := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		switch media, _, _ := mime.ParseMediaType(one); media {
		case "application/json":
			return true
		case "text/html":
			return false
		}
	}
	return false
}

// rate is a number of things in a second.
func rate(perSecond float64) string {
	switch {
	case perSecond == 0:
		return "0/s"
	case perSecond < 0.01:
		return "<0.01/s"
	case perSecond < 10:
		return strconv.FormatFloat(perSecond, 'f', 2, 64) + "/s"
	default:
		return strconv.FormatFloat(perSecond, 'f', 0, 64) + "/s"
	}
}

// share is errors among requests.
func share(f Figures) string {
	switch {
	case f.RequestsPerSecond == 0:
		return "–"
	case f.ErrorsPerSecond == 0:
		return "0 %"
	}
	return strconv.FormatFloat(100*f.ErrorsPerSecond/f.RequestsPerSecond, 'f', 1, 64) + " %"
}

// span is a time; there may be none.
func span(seconds *float64) string {
	switch {
	case seconds == nil:
		return "–"
	case *seconds < 1:
		return strconv.FormatFloat(1000**seconds, 'f', 0, 64) + " ms"
	default:
		return strconv.FormatFloat(*seconds, 'f', 1, 64) + " s"
	}
}

// away names the dependencies that did not answer.
func away(f Figures) string {
	var names []string
	for name, up := range f.Dependencies {
		if !up {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
