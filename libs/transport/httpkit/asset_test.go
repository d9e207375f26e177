package httpkit_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"fivechat.dev/libs/transport/httpkit"
)

// TestAssetsIgnoreRanges: a request with any number of ranges gets the whole text. A client that has the text gets
// 304.
func TestAssetsIgnoreRanges(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("script ", 1_000)
	asset := httpkit.NewAsset("text/javascript; charset=utf-8", []byte(text))
	ask := func(method string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/asset.js", nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		asset.ServeHTTP(w, r)
		return w
	}
	whole := ask("GET")
	tag := whole.Header().Get("ETag")
	if whole.Code != 200 || whole.Body.String() != text || tag == "" {
		t.Fatalf("status %d, %d bytes, tag %q", whole.Code, whole.Body.Len(), tag)
	}
	for name, c := range map[string]struct {
		method string
		header []string
		status int
		bytes  int
	}{
		"one range": {"GET", []string{"Range", "bytes=0-9"}, 200, len(text)},
		"7,600 ranges": {
			"GET", []string{"Range", "bytes=" + strings.Repeat("0-0,", 7_599) + "0-0"}, 200, len(text),
		},
		"an unsatisfiable range":     {"GET", []string{"Range", "bytes=99999999-"}, 200, len(text)},
		"a range if it has changed":  {"GET", []string{"Range", "bytes=0-9", "If-Range", tag}, 200, len(text)},
		"the client has it":          {"GET", []string{"If-None-Match", tag}, 304, 0},
		"the client has another one": {"GET", []string{"If-None-Match", `"other"`}, 200, len(text)},
		"the client has it gzipped":  {"GET", []string{"If-None-Match", tag, "Accept-Encoding", "gzip"}, 200, -1},
		"no body":                    {"HEAD", nil, 200, 0},
	} {
		w := ask(c.method, c.header...)
		if w.Code != c.status || c.bytes >= 0 && w.Body.Len() != c.bytes {
			t.Errorf("%s: status %d with %d bytes, want %d with %d", name, w.Code, w.Body.Len(), c.status, c.bytes)
		}
		if stated := w.Header().Get("Content-Length"); w.Code == http.StatusOK && c.method == "GET" &&
			stated != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%s: Content-Length %q of %d bytes", name, stated, w.Body.Len())
		}
	}
	if stated := ask("HEAD").Header().Get("Content-Length"); stated != strconv.Itoa(len(text)) {
		t.Errorf("HEAD: Content-Length %q", stated)
	}
	if gzipped := ask("GET", "Accept-Encoding", "gzip"); gzipped.Header().Get("Content-Encoding") != "gzip" ||
		gzipped.Body.Len() >= len(text) {
		t.Errorf("compressed: %d bytes, %v", gzipped.Body.Len(), gzipped.Header())
	}
}
