package pages

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// maxFirstLoad bounds the compressed files that the console's first page needs, in bytes.
const maxFirstLoad = 250 << 10

var (
	entryFile  = regexp.MustCompile(`(?:src|href)="/console/(assets/[^"]+)"`)
	importFile = regexp.MustCompile(`(?:from|import)\s*["']\./([^"']+)["']`)
)

// TestConsoleAssets: each file of the build is served with its media type, and kept in the browser's cache.
func TestConsoleAssets(t *testing.T) {
	t.Parallel()
	p, err := New(false, "")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files, "console/assets/*")
	if err != nil || len(names) < 10 {
		t.Fatalf("the build has the files %v: %v", names, err)
	}
	media := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
	for _, name := range names {
		r, err := ask(t, p, "/"+name)
		h := r.Header()
		if err != nil || r.Code != 200 || h.Get("Content-Type") != media[path.Ext(name)] ||
			h.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d %v %v", name, r.Code, h, err)
		}
	}
}

// TestConsoleLoadsLittle: the files of the inbox's first page, with what they import and the English texts.
func TestConsoleLoadsLittle(t *testing.T) {
	t.Parallel()
	page, err := files.ReadFile("console/index.html")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte("<style")) || bytes.Contains(page, []byte(" style=")) {
		t.Error("the page has styles that its policy refuses")
	}
	needed := map[string]bool{}
	var need func(name string)
	need = func(name string) {
		if needed[name] {
			return
		}
		needed[name] = true
		content, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range importFile.FindAllSubmatch(content, -1) {
			need(path.Join(path.Dir(name), string(m[1])))
		}
	}
	for _, m := range entryFile.FindAllSubmatch(page, -1) {
		need("console/" + string(m[1]))
	}
	for _, pattern := range []string{"en-*.js", "InboxPage-*", "ConversationPage-*"} {
		found, err := fs.Glob(files, "console/assets/"+pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("the build has no %s: %v", pattern, err)
		}
		for _, name := range found {
			need(name)
		}
	}
	sum := 0
	for name := range needed {
		content, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(content)
		_ = z.Close()
		sum += b.Len()
	}
	t.Logf("%d files, %d KiB compressed", len(needed), sum>>10)
	if sum > maxFirstLoad || len(needed) < 5 {
		t.Errorf("the first page needs %d bytes of %d files, more than %d", sum, len(needed), maxFirstLoad)
	}
	if all, _ := fs.Glob(files, "console/assets/*.js"); len(all) < len(needed)+5 {
		t.Errorf("the build isn't split: %s", strings.Join(all, " "))
	}
}
