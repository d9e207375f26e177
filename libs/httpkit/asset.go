package httpkit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// Asset is a text as browsers load it: as it is and compressed, each under a strong tag of its own.
type Asset struct {
	media          string
	plain, gzipped []byte
	tag            string
}

// NewAsset makes an Asset of a media type. Its error is the compressor's.
func NewAsset(media string, content []byte) (*Asset, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(content); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return &Asset{media, content, b.Bytes(), hex.EncodeToString(sum[:12])}, nil
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
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.gzipped))
}
