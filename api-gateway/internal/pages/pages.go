// Package pages is what the edge itself shows in a browser: the agents' console, the API's reference and the document that
// it shows, and a shop with the widget, as a demonstration. They are files, built ahead of api-gateway/web
// and api-gateway/openapi; all that they do goes through the API.
package pages

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"fivechat.dev/api-gateway/openapi"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/transport/httpkit"
)

//go:embed console docs demo
var files embed.FS

const (
	index    = "index.html"
	document = "/openapi.json"
)

// policy: a page loads only its own files, sends requests only to its own origin, and can't be framed. Images from elsewhere
// are not loaded, as the request for one would tell another host who reads what.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Pages answers for the files.
type Pages struct {
	assets map[string]*httpkit.Asset // by path: "/console", "/console/console.js"
}

// New makes the pages; the demo only where it is wanted.
func New(demo bool) (*Pages, error) {
	p := &Pages{map[string]*httpkit.Asset{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !demo && strings.HasPrefix(name, "demo/") {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		p.assets["/"+strings.TrimSuffix(strings.TrimSuffix(name, index), "/")] = httpkit.NewAsset(
			mime.TypeByExtension(path.Ext(name)), content,
		)
		return nil
	})
	p.assets[document] = httpkit.NewAsset("application/json", openapi.JSON)
	return p, err
}

// Serve answers with the file of a path, or returns NotFound if no file has the path.
func (p *Pages) Serve(w http.ResponseWriter, r *http.Request) error {
	asset := p.assets[r.URL.Path]
	if asset == nil {
		return fault.Missing("path")
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache") // a browser revalidates each time, and gets 304
	asset.ServeHTTP(w, r)
	return nil
}
