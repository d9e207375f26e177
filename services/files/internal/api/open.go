package api

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/files"
)

// inline are the media types that browsers show by themselves and that can't contain a script. All others are
// downloads of no known type.
var inline = map[string]bool{
	"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true,
	"video/mp4": true, "video/webm": true, "audio/mpeg": true, "audio/ogg": true, "audio/wav": true, "audio/x-m4a": true,
}

// caching lets a browser keep a file as long as its address may be valid. A file never changes.
const caching = "private, max-age=86400, immutable"

// opener serves a part of a file to everyone who has its address. It isn't a request/response operation, so it isn't in
// the table of operations.
type opener struct {
	s    *files.Service
	part fileaddress.Part
}

// ServeHTTP responds with the file, or with the one range of it that is requested.
func (o opener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	err := authz.Public.Check(identity.From(ctx))
	var opened files.Opened
	if err == nil {
		opened, err = o.open(r)
	}
	if err != nil {
		httpkit.WriteProblem(w, r.URL.Path, httpkit.RequestID(ctx), err)
		return
	}
	defer opened.Content.Close()
	f, h := opened.File, w.Header()
	mediaType, disposition := f.Type, "inline"
	switch {
	case o.part == fileaddress.Thumbnail:
		mediaType = "" // ServeContent finds out whether it is JPEG or PNG
	case !inline[f.Type]:
		mediaType, disposition = "application/octet-stream", "attachment"
	}
	if mediaType != "" {
		h.Set("Content-Type", mediaType)
	}
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.Name}))
	h.Set("Cache-Control", caching)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the widget shows pictures on pages of all origins
	h.Set("ETag", `"`+strconv.FormatInt(int64(f.ID), 10)+`"`)
	http.ServeContent(w, r, "", time.Time{}, opened.Content)
}

func (o opener) open(r *http.Request) (files.Opened, error) {
	given := r.PathValue("id")
	number, err := strconv.ParseInt(given, 10, 64)
	if err != nil || number <= 0 || number >= 1<<53 || strconv.FormatInt(number, 10) != given {
		return files.Opened{}, fault.Bad("id", "must be a positive whole number")
	}
	if ranges := r.Header.Get("Range"); len(ranges) > maxRange {
		r.Header.Del("Range") // many small ranges would cost more than the file
	}
	signature := r.URL.Query().Get("signature")
	if signature == "" || !utf8.ValidString(signature) || strings.ContainsFunc(signature, unicode.IsControl) {
		return files.Opened{}, fault.Bad("signature", "must be that of the file's address")
	}
	return o.s.Open(r.Context(), id.File(number), o.part, signature)
}

// maxRange is the longest header Range in bytes that is obeyed: one range of any file.
const maxRange = 40
