package fuzz

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"fivechat.dev/tests/harness"
)

// Request is a request to be sent, and what the document says of it.
type Request struct {
	Operation    string
	Method, Path string // the path as it stands in the request's first line
	Header       http.Header
	Body         []byte // nil for none
	Fault        string // what is wrong with it; "" where nothing is
	Null         string // the optional member that is null though its schema has no null, where nothing else is wrong with it
	Allowed      []int  // the statuses that it may be refused with; without a fault it may also succeed
}

// Judge says what is wrong with the answer to a request: a status that does not follow from the document, or an answer
// that is not as documented.
func Judge(op *harness.Documented, r Request, a harness.Answer) error {
	succeeds := a.Status >= 200 && a.Status < 300 || a.Status == http.StatusNotModified
	switch {
	case a.Status >= 500:
		return fmt.Errorf("answered %d", a.Status)
	case r.Fault != "" && !slices.Contains(r.Allowed, a.Status):
		return fmt.Errorf("%s: answered %d, not with one of %d", r.Fault, a.Status, r.Allowed)
	case r.Fault == "" && !succeeds && !slices.Contains(r.Allowed, a.Status):
		return fmt.Errorf("nothing is wrong with it, and it was answered %d", a.Status)
	}
	return op.Check(a)
}

// longestShown is how much of a body Curl shows, in bytes; of a longer one, the seed gives the rest.
const longestShown = 4096

// Curl is the request as a command of bash.
func (r Request) Curl() string {
	var b strings.Builder
	fmt.Fprintf(&b, "curl -sS -X %s", r.Method)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			fmt.Fprintf(&b, " -H %s", bashQuote(name+": "+v))
		}
	}
	if r.Body != nil {
		fmt.Fprintf(&b, " --data-binary %s", bashQuote(string(r.Body[:min(len(r.Body), longestShown)])))
	}
	fmt.Fprintf(&b, ` "$URL"%s`, bashQuote(r.Path))
	if len(r.Body) > longestShown {
		fmt.Fprintf(&b, " # the body has %d bytes more", len(r.Body)-longestShown)
	}
	return b.String()
}

// bashQuote gives text as a word of bash in which every byte is itself.
func bashQuote(text string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}
