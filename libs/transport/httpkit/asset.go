package httpkit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Asset is a text file for browsers, served plain or compressed, each form with its own strong ETag. It is compressed
// on the first request that accepts gzip.
type Asset struct {
	media   string
	plain   []byte
	gzipped func() []byte
	tag     string
}

// NewAsset returns an Asset of a media type.
func NewAsset(media string, content []byte) *Asset {
	sum := sha256.Sum256(content)
	return &Asset{
		media,
		content,
		sync.OnceValue(func() []byte { return compressed(content) }),
		hex.EncodeToString(sum[:12]),
	}
}

func compressed(content []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid, and a buffer accepts every write
	_, _ = z.Write(content)
	_ = z.Close()
	return b.Bytes()
}

// ServeHTTP responds with the whole text, or with 304 if the client has it. It ignores ranges: the texts are small,
// and a request for thousands of ranges would cost more than the text. The caller sets Cache-Control.
func (a *Asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, tag := a.plain, `"`+a.tag+`"`
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		content, tag = a.gzipped(), `"`+a.tag+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	if IsKnown(r, tag) {
		h.Del("Content-Type")
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(content) // fails if the client has closed the connection
	}
}
