package httpkit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Asset is a text as browsers load it: as it is and compressed, each under a strong tag of its own. It is compressed when
// the first browser asks.
type Asset struct {
	media   string
	plain   []byte
	gzipped func() []byte
	tag     string
}

// NewAsset makes an Asset of a media type.
func NewAsset(media string, content []byte) *Asset {
	sum := sha256.Sum256(content)
	return &Asset{media, content, sync.OnceValue(func() []byte { return compressed(content) }), hex.EncodeToString(sum[:12])}
}

func compressed(content []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one, and memory takes what is written
	_, _ = z.Write(content)
	_ = z.Close()
	return b.Bytes()
}

// ServeHTTP answers, with 304 where the browser has it. How long it keeps is for the caller to say.
func (a *Asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Add("Vary", "Accept-Encoding")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("ETag", `"`+a.tag+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.plain))
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Set("ETag", `"`+a.tag+`-gzip"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.gzipped()))
}
