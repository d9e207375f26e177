// Package pages serves the gateway's own files to browsers: the agents' console, the API reference with its document,
// and a demo shop with the widget for evaluation. The files are built from api-gateway/web and api-gateway/openapi.
// Their scripts use only the public API.
//
// Begin with Pages.Serve. The package serves fixed files only: responses that depend on a tenant come from services.
package pages

import (
	"bytes"
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

//go:embed console docs demo preview
var files embed.FS

const (
	index    = "index.html"
	document = "/openapi.json"
	console  = "/console"
	preview  = "/console/preview"
	hashed   = "/console/assets/" // files whose names contain a hash of their content
)

// policy is the Content-Security-Policy: a page loads only its own files, sends requests only to its own origin, and
// can't be framed. Images from other hosts aren't loaded, because the request would tell that host what the agent
// reads.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// previewPolicy is that of the page in which the console shows the widget. Only the console frames it. It loads the
// pictures that the website has chosen, from any host.
const previewPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"

// Pages serves the files.
type Pages struct {
	assets map[string]*httpkit.Asset // by path: "/console", "/console/console.js"
	people string                    // the file with the demo's people; "" without
	mail   http.Handler              // the page of the demo's sent mails; nil without
}

// app is the console's element. data-demo makes its sign-in page ask for the demo's people.
const app, demoApp = `<div id="app">`, `<div id="app" data-demo>`

// New makes the pages, with the demo shop if demo is set. people is the path of a file with the demo's people (see
// system.Demo), or "".
func New(demo bool, people string) (*Pages, error) {
	p := &Pages{assets: map[string]*httpkit.Asset{}, people: people}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !demo && strings.HasPrefix(name, "demo/") {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if demo && people != "" && name == "console/"+index {
			content = bytes.Replace(content, []byte(app), []byte(demoApp), 1)
		}
		at := "/" + strings.TrimSuffix(strings.TrimSuffix(name, index), "/")
		if strings.HasPrefix(name, "preview/") {
			at = console + at
		}
		p.assets[at] = httpkit.NewAsset(
			mime.TypeByExtension(path.Ext(name)), content,
		)
		return nil
	})
	p.assets[document] = httpkit.NewAsset("application/json", openapi.JSON)
	return p, err
}

// Serve responds with the file of a path, or with the console's page. It returns NotFound for any other path.
func (p *Pages) Serve(w http.ResponseWriter, r *http.Request) error {
	switch r.URL.Path {
	case people:
		return p.servePeople(w, r)
	case sentMail:
		return p.serveMail(w, r)
	}
	asset := p.assets[r.URL.Path]
	if asset == nil && isConsolePage(r.URL.Path) {
		asset = p.assets[console]
	}
	if asset == nil {
		return fault.Missing("path")
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	if r.URL.Path == preview {
		h.Set("Content-Security-Policy", previewPolicy)
		h.Set("X-Frame-Options", "SAMEORIGIN")
	}
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if strings.HasPrefix(r.URL.Path, hashed) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache") // the browser revalidates each time
	}
	asset.ServeHTTP(w, r)
	return nil
}

// isConsolePage reports whether the console's script shows a page for a path. A path with a dot in its last segment is
// a file's: an open tab that requests a file of an earlier build must not get a page.
func isConsolePage(at string) bool {
	below, is := strings.CutPrefix(at, console+"/")
	return is && !strings.HasPrefix(at, hashed) && (below == "" || !strings.Contains(path.Base(below), "."))
}
