package flame

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

// TestWrite checks that widths are shares of time, that a caller is above the functions that it calls, that names are
// escaped, and that too narrow boxes are left out.
func TestWrite(t *testing.T) {
	f := func(id uint64, name string) *profile.Location {
		return &profile.Location{ID: id, Line: []profile.Line{{Function: &profile.Function{ID: id, Name: name}}}}
	}
	serve, find, sync, rare := f(1, "net/http.(*conn).serve"),
		f(2, "fivechat.dev/libs/store/mongokit.(*Global[go.shape.x]).List"), f(3, "syscall.Syscall"), f(4, "a.<rare>")
	p := &profile.Profile{Sample: []*profile.Sample{
		{Location: []*profile.Location{find, serve}, Value: []int64{3, 3000}},
		{Location: []*profile.Location{sync, find, serve}, Value: []int64{5, 5000}},
		{Location: []*profile.Location{rare}, Value: []int64{2, 1999}},
		{Location: []*profile.Location{f(5, "b.never")}, Value: []int64{1, 1}},
	}}
	var out strings.Builder
	if err := Write(&out, p, "a & b"); err != nil {
		t.Fatal(err)
	}
	svg := out.String()
	for _, want := range []string{
		`a &amp; b`,
		`<title>net/http.(*conn).serve: 80.0 %</title><rect x="240.0" y="55" width="959.7" height="14" ` +
			`fill="#e9d16c"/><text x="242.0" y="66">http.(*conn).serve</text>`,
		`.List: 80.0 %</title><rect x="240.0" y="70" width="959.7" height="14" fill="#f4a261"/><text x="242.0" ` +
			`y="81">mongokit.(*Global</text>`,
		`<title>syscall.Syscall: 50.0 %</title><rect x="240.0" y="85" width="599.7" height="14" fill="#c4c4c4"/>`,
		`<title>a.&lt;rare&gt;: 20.0 %</title>`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("there is no %s", want)
		}
	}
	if strings.Contains(svg, "never") {
		t.Error("a box that is too narrow is drawn")
	}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
