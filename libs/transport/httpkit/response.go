package httpkit

import (
	"context"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
)

// linked is a response that is a page of a list.
type linked interface{ Links(at *url.URL) string }

// maxLink bounds the header Link in bytes, so that clients accept the size of the response's header. A longer Link is
// left out: the body of a list contains the next cursor too.
const maxLink = 4 << 10

// known returns a request's address with only the parameters that its operation reads, so that Link repeats nothing
// else.
func (rt route) known(at *url.URL) *url.URL {
	query := at.Query()
	maps.DeleteFunc(query, func(name string, _ []string) bool { return !slices.Contains(rt.query, name) })
	return &url.URL{Path: at.Path, RawPath: at.RawPath, RawQuery: query.Encode()}
}

// NDJSON is a response of JSON texts, one a line, that an operation has encoded itself.
type NDJSON []byte

// File is a response of bytes that browsers save under a name, and never show.
type File struct {
	Name    string // without folders
	Media   string
	Content []byte
}

func (f File) respond(w http.ResponseWriter, status int) {
	h := w.Header()
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	write(w, status, f.Media, f.Content)
}

// respond writes an operation's response to the request of ctx.
func (rt route) respond(ctx context.Context, w http.ResponseWriter, status int, response any) error {
	req := requestOf(ctx)
	if s, ok := response.(interface{ HTTPStatus() int }); ok {
		status = s.HTTPStatus()
	}
	if to, ok := response.(Redirect); ok {
		to.respond(w, status)
		return nil
	}
	if c, ok := response.(setsCookies); ok {
		for _, cookie := range c.Cookies() {
			http.SetCookie(w, cookie)
		}
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return nil
	}
	if t, ok := response.(tabular); ok {
		w.Header().Add("Vary", "Accept")
		if wantsTable(req) {
			return writeTable(w, status, t.Table())
		}
	}
	if lines, ok := response.(NDJSON); ok {
		write(w, status, "application/x-ndjson", lines)
		return nil
	}
	if f, ok := response.(File); ok {
		f.respond(w, status)
		return nil
	}
	body, err := Encode(response)
	if err != nil {
		return fmt.Errorf("httpkit: encode: %w", err)
	}
	if rt.caching != "" {
		w.Header().Set("Cache-Control", rt.caching)
	}
	if l, ok := response.(linked); ok {
		if links := l.Links(rt.known(req.URL)); links != "" && len(links) <= maxLink {
			w.Header().Set("Link", links)
		}
	}
	if r, ok := response.(revised); ok {
		tag := tagOf(r.Revision(), body)
		w.Header().Set("ETag", tag)
		if IsKnown(req, tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	writeBody(w, status, body)
	return nil
}

// HasBody reports whether a response of a status may have a body.
func HasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
