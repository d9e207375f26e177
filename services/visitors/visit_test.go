package visitors

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/visitorcontext"
)

func TestAddressIsOriginAndPath(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"https://shop.example/atlas?order=4711#top": "https://shop.example/atlas",
		"https://shop.example":                      "https://shop.example/",
		"http://ann:secret@shop.example:8080/a%20b": "http://shop.example:8080/a%20b",
		"/atlas": "", "mailto:ann@shop.example": "", "": "", "https://[": "",
	} {
		if got := (Page{URL: page}).Address(); got != want {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
	if long := (Page{URL: "https://shop.example/" + strings.Repeat("x", 1_000)}).Address(); len(long) != maxAddress {
		t.Errorf("%d bytes", len(long))
	}
}

// reports is what a page says of itself.
func reports(path string) Patch {
	return Patch{Context: visitorcontext.Context{"page": []byte(`"https://shop.example` + path + `"`)}}
}

// TestVisitHasPages follows a visitor from page to page, and through two visits.
func TestVisitHasPages(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	v := Visitor{Context: visitorcontext.Empty}
	for _, step := range []struct {
		at    time.Duration
		patch Patch
		path  string
	}{
		{0, Patch{Name: optional.Of("Ann")}, ""},
		{0, reports("/a?x=1"), "/a 0s"},
		{20 * time.Second, reports("/b"), "/a 0s, /b 20s"},
		{40 * time.Second, reports("/b?x=2"), "/a 0s, /b 20s"}, // the page is the same
		{50 * time.Second, Patch{Name: optional.Of("Anna")}, "/a 0s, /b 20s"},
		{60 * time.Second, reports("/a"), "/a 0s, /b 20s, /a 1m0s"},
		{time.Hour, Patch{Name: optional.Of("Ann")}, ""}, // another visit, whose page isn't known
		{time.Hour, reports("/a"), "/a 1h0m0s"},
	} {
		v = v.seenAt(noon.Add(step.at))
		v.UpdatedAt = v.LastSeenAt
		var err error
		if v, err = step.patch.Apply(v); err != nil {
			t.Fatal(err)
		}
		var path []string
		for _, p := range v.Path() {
			path = append(path, fmt.Sprint(strings.TrimPrefix(p.URL, "https://shop.example"), " ", p.At.Sub(noon)))
		}
		if got := strings.Join(path, ", "); got != step.path {
			t.Errorf("after %v: %q, want %q", step.at, got, step.path)
		}
	}
}

func TestVisitKeepsTheLastPages(t *testing.T) {
	t.Parallel()
	v := Visitor{Context: visitorcontext.Empty}
	var before []PageView
	for i := range MaxVisitPages + 5 {
		before = v.Pages
		kept := slices.Clone(before)
		var err error
		if v, err = reports(fmt.Sprint("/", i)).Apply(v); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, kept) {
			t.Fatalf("page %d changes the pages before: %v", i, before)
		}
	}
	if path := v.Path(); len(path) != MaxVisitPages || path[0].URL != "https://shop.example/5" {
		t.Errorf("%v", path)
	}
	if n := len("https://shop.example/"); v.Texts() != int64(len(v.Context)+MaxVisitPages*n+5+15*2) {
		t.Errorf("%d bytes of text", v.Texts())
	}
}
