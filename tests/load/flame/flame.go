// Package flame draws a profile of processor time as a flame graph (B. Gregg, The Flame Graph, ACM Queue 14(2), 2016),
// as a self-contained SVG. A caller is above the functions that it calls, and is as wide as its share of the time. It
// is written by hand because pprof draws one only in a browser, through its own server.
package flame

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// The drawing, in pixels.
const (
	width  = 1200
	row    = 15
	margin = 40
	letter = 6.6 // width of a letter
	least  = 1.0 // narrower boxes are left out
)

// node is a function at one place of the call tree, with the functions that it calls.
type node struct {
	name  string
	value int64
	below map[string]*node
}

func newNode(name string) *node { return &node{name: name, below: map[string]*node{}} }

// tree merges a profile's samples. A sample's value is the last one; for processor time these are nanoseconds.
func tree(p *profile.Profile) *node {
	root := newNode("all")
	for _, s := range p.Sample {
		v := s.Value[len(s.Value)-1]
		at := root
		at.value += v
		for _, l := range slices.Backward(s.Location) {
			for _, line := range slices.Backward(l.Line) { // inlined functions come first
				name := line.Function.Name
				if at.below[name] == nil {
					at.below[name] = newNode(name)
				}
				at = at.below[name]
				at.value += v
			}
		}
	}
	return root
}

// kinds assign a function to a part of the system; the first match counts.
var kinds = []struct{ name, colour, has string }{
	{"the embedded store", "#7fbf7b", "libs/embedmongo|cockroachdb/"},
	{"Fivechat", "#f4a261", "fivechat.dev/"},
	{"the store's driver and BSON", "#8fb4d9", "mongo-driver"},
	{"Redis, its client and the embedded one", "#d98f8f", "go-redis|miniredis"},
	{"HTTP and JSON", "#e9d16c", "net/http|fasthttp|json|compress/"},
	{"the runtime and the kernel", "#c4c4c4", "runtime.|runtime/|syscall|internal/poll"},
	{"others", "#d7c6e0", ""},
}

func colour(name string) string {
	for _, k := range kinds {
		for has := range strings.SplitSeq(k.has, "|") {
			if strings.Contains(name, has) {
				return k.colour
			}
		}
	}
	return ""
}

// short is a name without its package's path and without type arguments.
func short(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return name[strings.LastIndexByte(name, '/')+1:]
}

// Write draws a profile with a title.
func Write(w io.Writer, p *profile.Profile, title string) error {
	root := tree(p)
	var body strings.Builder
	depth := 0
	var draw func(n *node, x float64, level int)
	draw = func(n *node, x float64, level int) {
		wide := float64(width) * float64(n.value) / float64(max(root.value, 1))
		if wide < least {
			return
		}
		depth = max(depth, level)
		y := margin + level*row
		fmt.Fprintf(&body, `<g><title>%s: %.1f %%</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`,
			html.EscapeString(n.name), 100*float64(n.value)/float64(max(root.value, 1)), x, y, wide-0.3, row-1, colour(n.name))
		if text := short(n.name); wide > 4*letter {
			fmt.Fprintf(&body, `<text x="%.1f" y="%d">%s</text>`, x+2, y+row-4,
				html.EscapeString(text[:min(len(text), int((wide-4)/letter))]))
		}
		body.WriteString("</g>\n")
		below := make([]*node, 0, len(n.below))
		for _, b := range n.below {
			below = append(below, b)
		}
		slices.SortFunc(below, func(a, b *node) int { return strings.Compare(a.name, b.name) })
		for _, b := range below {
			draw(b, x, level+1)
			x += float64(width) * float64(b.value) / float64(max(root.value, 1))
		}
	}
	draw(root, 0, 0)
	var legend strings.Builder
	x := 0.0
	for _, k := range kinds {
		fmt.Fprintf(&legend, `<rect x="%.0f" y="22" width="10" height="10" fill="%s"/><text x="%.0f" y="31">%s</text>`, x,
			k.colour, x+14, k.name)
		x += float64(len(k.name))*letter + 30
	}
	_, err := fmt.Fprintf(w,
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="monospace" font-size="11">
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="0" y="14" font-size="13">%s</text>
%s
%s</svg>
`, width, margin+(depth+1)*row, html.EscapeString(title), legend.String(), body.String())
	return err
}
