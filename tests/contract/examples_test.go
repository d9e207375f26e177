package contract_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// refused are the refusals that the examples of a page show.
var refused = map[string][]int{
	"docs/api/errors.md":      {400},
	"docs/api/idempotency.md": {412},
	"docs/api/visitors.md":    {409}, // the visitor may have an open conversation
	"docs/api/webhooks.md":    {409}, // the delivery may still be pending
}

// example matches a block of shell commands, also inside a list.
var example = regexp.MustCompile("(?sm)^ *```sh\n(.*?)^ *```")

// recorder forwards requests to the system and records how they were answered.
type recorder struct {
	mu     sync.Mutex
	failed []string
	total  int
}

func (r *recorder) record(resp *http.Response, expected []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	if resp.StatusCode >= 400 && !slices.Contains(expected, resp.StatusCode) {
		r.failed = append(r.failed, fmt.Sprintf("%s %s: %d", resp.Request.Method, resp.Request.URL.Path, resp.StatusCode))
	}
}

// results returns how many requests were made, and those that failed.
func (r *recorder) results() (total int, failed []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total, slices.Clone(r.failed)
}

// recording returns the address of a proxy before the system, and its recorder.
func recording(t *testing.T, expected []int) (string, *recorder) {
	t.Helper()
	target, err := url.Parse(harness.Running().URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) },
		ModifyResponse: func(resp *http.Response) error {
			r.record(resp, expected)
			return nil
		},
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	return s.URL, r
}

// commands are the examples of a page as one script. The command line has tests of its own.
func commands(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), page))
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range example.FindAllStringSubmatch(string(text), -1) {
		script.WriteString(block[1])
	}
	return strings.NewReplacer(`eval "$(bin/fivechat env)"`, "true", "bin/fivechat", "true").Replace(script.String())
}

// TestExamplesOfPagesSucceed runs the shell commands of the README and of docs/api against the system.
func TestExamplesOfPagesSucceed(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the examples need %s: %v", program, err)
		}
	}
	found, err := filepath.Glob(filepath.Join(harness.Root(t), "docs", "api", "*.md"))
	if err != nil || len(found) < 5 {
		t.Fatalf("%d pages are found, %v", len(found), err)
	}
	pages := []string{"README.md"}
	for _, path := range found {
		pages = append(pages, "docs/api/"+filepath.Base(path))
	}
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			runExamples(t, page)
		})
	}
}

func runExamples(t *testing.T, page string) {
	t.Helper()
	address, requests := recording(t, refused[page])
	w := harness.Running().Website(t, harness.Pro)
	w.Visit(t, harness.Map{}).Open(t, "Where is my order?") // pages look at a website with conversations
	script := exec.CommandContext(t.Context(), "bash", "-euc", commands(t, page))
	script.Dir, script.WaitDelay = t.TempDir(), time.Second
	script.Env = append(os.Environ(), "URL="+address, "CLIENT_TOKEN="+w.ClientToken,
		"READ="+w.Secret(harness.Read), "WRITE="+w.Secret(harness.Write), "READ_WRITE="+w.Secret(harness.ReadWrite),
		"EMAIL="+w.Person(t, harness.Owner).Email, "PASSWORD="+harness.Password)
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	total, failed := requests.results()
	if total == 0 {
		t.Error("the page has no example")
	}
	for _, failure := range failed {
		t.Error(failure)
	}
}
