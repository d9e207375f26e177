package incoming

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
)

func TestEmptyAndTooLargeMailsAreRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "\r\n", " \n\t\r\n"} {
		if _, err := Parse([]byte(raw)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", raw, err)
		}
	}
	large := make([]byte, MaxBytes+1)
	if _, err := Parse(large); !fault.Is(err, fault.TooLarge) {
		t.Errorf("above the bound: %v", err)
	}
	large[0] = 'x'
	if _, err := Parse(large[:MaxBytes]); err != nil {
		t.Errorf("at the bound: %v", err)
	}
}

// hostile are mails that exceed a bound, or that a parser with nested loops would take very long to read.
func hostile() map[string]string {
	const head = "From: a@b.example\r\nTo: c@d.example\r\nMessage-ID: <h@b.example>\r\nSubject: hostile\r\n"
	repeat := func(s string, bytes int) string { return strings.Repeat(s, bytes/len(s)) }
	nested := head
	var closing strings.Builder
	for i := range 5_000 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\n", i, i)
	}
	for i := range 5_000 {
		fmt.Fprintf(&closing, "\r\n--b%d--\r\n", 5_000-i)
	}
	attached := repeat("Content-Type: message/rfc822\r\n\r\n", 1<<20)
	const mixed, page = "Content-Type: multipart/mixed; boundary=x\r\n\r\n", "Content-Type: text/html\r\n\r\n"
	return map[string]string{
		"10,000 parts":         head + mixed + strings.Repeat("--x\r\n\r\na\r\n", 10_000) + "--x--",
		"empty parts":          head + mixed + repeat("--x\r\n", 1<<20),
		"nested multiparts":    nested + "\r\ntext" + closing.String(),
		"nested mails":         head + attached + "text",
		"a boundary of dashes": head + "Content-Type: multipart/mixed; boundary=\"-\"\r\n\r\n" + repeat("---", 1<<20),
		"one-byte boundary":    head + "Content-Type: multipart/mixed; boundary=a\r\n\r\n" + repeat("--a\r\n\r\n", 1<<20),
		"no boundary":          head + "Content-Type: multipart/mixed\r\n\r\n" + repeat("--x\r\n", 1<<20),
		"many fields":          head + repeat("X: y\r\n", 1<<20) + "\r\ntext",
		"continuation lines":   head + "X: y\r\n" + repeat(" z\r\n", 1<<20) + "\r\ntext",
		"lines without colons": head + repeat("z\r\n", 250<<10) + "X-End: y\r\n\r\ntext",
		"a long field":         head + "X: " + repeat("y", 1<<20) + "\r\n\r\ntext",
		"addresses":            head + "Cc: " + repeat("a@b.example, ", 250<<10) + "\r\n\r\ntext",
		"open brackets":        head + "Cc: " + repeat("(,<,\",", 250<<10) + "\r\n\r\ntext",
		"colons":               head + "Cc: " + repeat("mailto:", 250<<10) + "\r\n\r\ntext",
		"references":           head + "References: " + repeat("<a@b>", 250<<10) + "\r\n\r\ntext",
		"open words":           head + "Comments: x\r\nFrom: " + repeat("=?a?q?x", 250<<10) + "\r\n\r\ntext",
		"words":                head + "X: y\r\nSubject: " + repeat("=?utf-8?q?x?= ", 250<<10) + "\r\n\r\ntext",
		"parameters":           head + "Content-Type: text/plain; " + repeat("a*0=b;", 250<<10) + "\r\n\r\ntext",
		"quoted-printable":     head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + repeat("=41", 1<<20),
		"soft line breaks":     head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + repeat("=\r\n", 1<<20),
		"base64 padding":       head + "Content-Transfer-Encoding: base64\r\n\r\n" + repeat("QQ==", 1<<20),
		"text":                 head + "\r\n" + repeat("word ", 2<<20),
		"short lines":          head + "\r\n" + repeat("a\r\n", 1<<20),
		"lines with colons":    head + "\r\n" + repeat("on 1 a@b\r\n:\r\n", 1<<20),
		"names of a head":      head + "\r\n" + repeat("From: a\r\n", 1<<20),
		"quotes":               head + "\r\n" + repeat("> a\r\nb\r\n", 1<<20),
		"attributions":         head + "\r\n" + repeat("On 1 a wrote:\r\n> a\r\nb\r\n", 1<<20),
		"rules":                head + "\r\n" + repeat("-- \r\n", 1<<20),
		"flowed":               head + "Content-Type: text/plain; format=flowed\r\n\r\n" + repeat("> a \r\n", 1<<20),
		"nested elements":      head + page + repeat("<div>", 1<<20),
		"nested quotes":        head + page + repeat("<blockquote>a", 1<<20),
		"nested lists":         head + page + repeat("<ul><li>a", 1<<20),
		"nested tables":        head + page + repeat("<table><tr><td>", 1<<20),
		"hidden elements":      head + page + repeat("<p hidden>a", 1<<20),
		"attributes":           head + page + "<a " + repeat("a=b ", 1<<20) + ">",
		"entities":             head + page + repeat("&CounterClockwiseContourIntegral;", 1<<20),
		"open tags":            head + page + repeat("<", 1<<20),
		"comments":             head + page + repeat("<!--", 1<<20),
		"styles":               head + page + repeat("<style>", 1<<20),
		"links":                head + page + repeat("<a href=https://a.example/>x", 1<<20),
		"reports": head + "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n" +
			"--x\r\nContent-Type: message/delivery-status\r\n\r\n" +
			repeat("Final-Recipient: a\r\nAction: failed\r\n\r\n", 1<<20),
		"zeros":            string(make([]byte, 1<<20)) + "x",
		"carriage returns": head + "\r\n" + repeat("\r", 1<<20) + "x",
	}
}

// TestHostileMailsAreBounded parses mails that exceed bounds. The time limit is generous, because other tests share the
// machine: without its bounds, each of these mails would take minutes.
func TestHostileMailsAreBounded(t *testing.T) {
	truncated := map[string][]string{}
	for name, text := range hostile() {
		raw := []byte(text)
		start := time.Now()
		m, err := Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s: parsing took %s", name, took)
		} else if took > time.Second {
			t.Logf("%s: %s", name, took)
		}
		checkBounds(t, name, raw, m)
		truncated[name] = m.Truncated
	}
	for name, want := range map[string]string{
		"10,000 parts": "parts", "nested multiparts": "depth", "nested mails": "depth", "many fields": "header",
		"addresses": "addresses", "text": "text",
	} {
		if !slices.Contains(truncated[name], want) {
			t.Errorf("%s: truncated is %v, want %s", name, truncated[name], want)
		}
	}
}
