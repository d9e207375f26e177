package incoming

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sample is a mail of the corpus with its expected result. The files testdata/*.txt consist of samples like this:
//
//	=== name
//	From: …                  the mail; \xE4 is a byte, and lines end with CRLF unless the name ends with " LF"
//	--- expect
//	from: Anna <a@b.example>
//	text:
//	| the first line
//
// Members that aren't stated are empty, and the kind is human. The members in optional are compared only if they are
// stated.
type sample struct {
	name string
	raw  []byte
	want map[string][]string
}

var escape = regexp.MustCompile(`\\x[0-9A-F]{2}`)

// corpus returns all samples.
func corpus(t testing.TB) []sample {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []sample
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split("\n"+string(text), "\n=== ")[1:] {
			name, rest, _ := strings.Cut(block, "\n")
			raw, expected, found := strings.Cut(rest, "\n--- expect\n")
			if !found {
				t.Fatalf("%s: %s has no expected result", path, name)
			}
			if name, is := strings.CutSuffix(name, " LF"); is {
				raw += "\n"
				all = append(all, sample{filepath.Base(path) + "/" + name, unescapeBytes(raw), expectation(t, name, expected)})
				continue
			}
			raw = strings.ReplaceAll(raw+"\n", "\n", "\r\n")
			all = append(all, sample{filepath.Base(path) + "/" + name, unescapeBytes(raw), expectation(t, name, expected)})
		}
	}
	return all
}

func unescapeBytes(s string) []byte {
	return escape.ReplaceAllFunc([]byte(s), func(b []byte) []byte {
		n, _ := strconv.ParseUint(string(b[2:]), 16, 8)
		return []byte{byte(n)}
	})
}

// expectation reads the expected members. A member has a value on its line, or lines that begin with "|".
func expectation(t testing.TB, name, text string) map[string][]string {
	t.Helper()
	want := map[string][]string{}
	last := ""
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		if content, is := strings.CutPrefix(line, "|"); is {
			want[last] = append(want[last], strings.TrimRight(strings.TrimPrefix(content, " "), " "))
			continue
		}
		key, value, found := strings.Cut(line, ":")
		if !found {
			t.Fatalf("%s: wrong line %q", name, line)
		}
		last = key
		if value = strings.TrimSpace(value); value != "" {
			want[key] = append(want[key], value)
		}
	}
	return want
}

// optional are the members that are compared only if a sample states them.
var optional = []string{
	"subject", "to", "id", "date", "hops", "html has", "html lacks", "references", "return path", "no auto reply",
}

// members returns a mail as the members of an expectation.
func members(m Mail) map[string][]string {
	got := map[string][]string{}
	add := func(key string, values ...string) {
		for _, v := range values {
			if v != "" {
				got[key] = append(got[key], v)
			}
		}
	}
	add("from", show(m.From))
	add("sender", show(m.Sender))
	for key, list := range map[string][]Address{"to": m.To, "cc": m.Cc, "reply to": m.ReplyTo} {
		for _, a := range list {
			add(key, show(a))
		}
	}
	add("subject", m.Subject)
	add("id", m.MessageID)
	add("in reply to", m.InReplyTo...)
	add("references", m.References...)
	if !m.Date.IsZero() {
		add("date", m.Date.Format(time.RFC3339))
	}
	add("hops", strconv.Itoa(m.Hops))
	add("return path", m.ReturnPath)
	for key, text := range map[string]string{"text": m.Text, "quoted": m.Quoted, "signature": m.Signature} {
		if text != "" {
			got[key] = strings.Split(text, "\n")
		}
	}
	for _, p := range m.Parts {
		add("file", strings.Join(strings.Fields(fmt.Sprintf("%s | %s | %d %s %s", p.Name, p.Type, p.Size,
			map[bool]string{true: "inline"}[p.Inline], p.Method)), " "))
	}
	if f := m.Forwarded; f != nil {
		add("forwarded", fmt.Sprintf("%s | %s", show(f.From), f.Subject))
		if f.Text != "" {
			got["forwarded text"] = strings.Split(f.Text, "\n")
		}
	}
	if m.Kind != Human {
		add("kind", string(m.Kind))
	}
	add("no auto reply", strconv.FormatBool(m.NoAutoReply))
	for _, f := range m.Failures {
		add("failure", strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", f.Recipient, f.Action, f.Status,
			map[bool]string{true: "permanent"}[f.Permanent])), " "))
	}
	add("original", m.OriginalID)
	add("truncated", m.Truncated...)
	if m.Authors != 1 {
		add("authors", strconv.Itoa(m.Authors))
	}
	return got
}

func show(a Address) string {
	switch {
	case a.Address == "":
		return a.Name
	case a.Name == "":
		return a.Address
	default:
		return a.Name + " <" + a.Address + ">"
	}
}

// TestCorpus parses all samples to their expected results.
func TestCorpus(t *testing.T) {
	t.Parallel()
	all := corpus(t)
	names := map[string]bool{}
	for _, s := range all {
		if names[s.name] {
			t.Errorf("two samples are named %s", s.name)
		}
		names[s.name] = true
		m, err := Parse(s.raw)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		got := members(m)
		for _, key := range keysOf(got, s.want) {
			want, stated := s.want[key]
			switch {
			case key == "html has" || key == "html lacks":
				for _, part := range want {
					if strings.Contains(m.HTML, part) != (key == "html has") {
						t.Errorf("%s: %s %q: %s", s.name, key, part, m.HTML)
					}
				}
			case !stated && slices.Contains(optional, key):
			case !slices.Equal(got[key], want):
				t.Errorf("%s: %s is\n  %s\nwant\n  %s", s.name, key, strings.Join(got[key], "\n  "), strings.Join(want, "\n  "))
			}
		}
	}
	if len(all) < 200 {
		t.Errorf("the corpus has only %d samples", len(all))
	}
}

// keysOf returns the keys of two maps in order.
func keysOf(a, b map[string][]string) []string {
	var keys []string
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
