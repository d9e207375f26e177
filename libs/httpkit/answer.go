package httpkit

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// linked is an answer that is a part of a list.
type linked interface{ Links(at *url.URL) string }

// NDJSON is an answer of JSON texts, one a line, that an operation has encoded itself.
type NDJSON []byte

// answer writes what an operation responded to the request of ctx.
func (rt route) answer(ctx context.Context, w http.ResponseWriter, status int, response any) error {
	req := requestOf(ctx)
	if s, ok := response.(interface{ HTTPStatus() int }); ok {
		status = s.HTTPStatus()
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
	body, err := Encode(response)
	if err != nil {
		return fmt.Errorf("httpkit: encode: %w", err)
	}
	if rt.caching != "" {
		w.Header().Set("Cache-Control", rt.caching)
	}
	if l, ok := response.(linked); ok {
		if links := l.Links(req.URL); links != "" {
			w.Header().Set("Link", links)
		}
	}
	if r, ok := response.(revised); ok {
		tag := tagOf(r.Revision(), body)
		w.Header().Set("ETag", tag)
		if Known(req, tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	writeBody(w, status, body)
	return nil
}

// HasBody says whether an answer of a status may have a body.
func HasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
