package fuzz

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"fivechat.dev/tests/harness"
)

// Request is a request to send, and what the document says about it.
type Request struct {
	Operation    string
	Method, Path string // the path as in the request's first line
	Header       http.Header
	Body         []byte // nil for none
	Fault        string // what is wrong with it; "" without a fault
	Null         string // the optional member that is null although its schema has no null, if nothing else is wrong
	Allowed      []int  // the statuses of a refusal; without a fault it may also succeed
}

// Judge returns an error if the response to a request has a status that does not follow from the document, or is not as
// documented.
func Judge(op *harness.Documented, r Request, a harness.Answer) error {
	succeeds := a.Status >= 200 && a.Status < 300 || a.Status == http.StatusNotModified
	switch {
	case a.Status >= 500:
		return fmt.Errorf("answered %d", a.Status)
	case r.Fault != "" && !slices.Contains(r.Allowed, a.Status):
		return fmt.Errorf("%s: status %d, not one of %d", r.Fault, a.Status, r.Allowed)
	case r.Fault == "" && !succeeds && !slices.Contains(r.Allowed, a.Status):
		return fmt.Errorf("a request without a fault got %d", a.Status)
	}
	return op.Check(a)
}

// longestShown is how many bytes of a body Curl shows. For a longer one, use the seed.
const longestShown = 4096

// Curl returns the request as a bash command.
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
		fmt.Fprintf(&b, " # the body has %d more bytes", len(r.Body)-longestShown)
	}
	return b.String()
}

// bashQuote returns text as a bash word in which every byte stands for itself.
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
