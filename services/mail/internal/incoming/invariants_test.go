package incoming

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// checkBounds checks what Parse guarantees for every mail: bounds, and strings that are safe to store and to show.
func checkBounds(t interface{ Errorf(string, ...any) }, name string, raw []byte, m Mail) {
	texts := map[string]string{"text": m.Text, "quoted": m.Quoted, "signature": m.Signature}
	lines := map[string]string{
		"subject": m.Subject, "id": m.MessageID, "return path": m.ReturnPath, "original": m.OriginalID,
	}
	all := append([]Address{m.From, m.Sender}, m.To...)
	all = append(append(all, m.Cc...), m.ReplyTo...)
	if f := m.Forwarded; f != nil {
		all = append(all, f.From)
		texts["forwarded"] = f.Text
		lines["forwarded subject"], lines["forwarded id"], lines["forwarded date"] = f.Subject, f.MessageID, f.Date
	}
	for _, a := range all {
		lines["name "+a.Name], lines["address "+a.Address] = a.Name, a.Address
		if a.Address != "" && (!strings.Contains(a.Address, "@") || len(a.Address) > maxAddress) {
			t.Errorf("%s: the address %q", name, a.Address)
		}
	}
	for _, p := range m.Parts {
		lines["file "+p.Name], lines["type "+p.Type], lines["content id"] = p.Name, p.Type, p.ContentID
		if p.Name == "" || len(p.Name) > maxName || strings.ContainsAny(p.Name, `/\`) {
			t.Errorf("%s: the file name %q", name, p.Name)
		}
		if content := p.Content(raw); len(content) != p.Size && p.Encoding != "base64" || p.Start < 0 || p.End > len(raw) {
			t.Errorf("%s: %q has %d bytes, not %d", name, p.Name, len(content), p.Size)
		}
	}
	for _, f := range m.Failures {
		lines["recipient"], lines["diagnostic"], lines["status"] = f.Recipient, f.Diagnostic, f.Status
	}
	for _, ids := range [][]string{m.InReplyTo, m.References} {
		for _, id := range ids {
			lines["id "+id] = id
		}
		if len(ids) > maxIDs {
			t.Errorf("%s: %d ids", name, len(ids))
		}
	}
	for what, line := range lines {
		if !isClean(line, false) || len(line) > maxDiagnostic {
			t.Errorf("%s: %s is %.200q", name, what, line)
		}
	}
	for what, text := range texts {
		if !isClean(text, true) || len(text) > maxText+1000 {
			t.Errorf("%s: %s has %d bytes, or wrong characters: %.200q", name, what, len(text), text)
		}
	}
	if len(m.Parts) > maxParts || len(m.To) > maxAddresses || len(m.Cc) > maxAddresses ||
		len(m.Failures) > maxRecipients || len(m.HTML) > 16*maxText || !utf8.ValidString(m.HTML) {
		t.Errorf("%s: %d parts, %d To, %d Cc, %d failures, %d bytes of HTML", name, len(m.Parts), len(m.To), len(m.Cc),
			len(m.Failures), len(m.HTML))
	}
	lower := strings.ToLower(m.HTML)
	for _, risk := range []string{
		"<script", "<iframe", "<style", "<form", "<svg", `href="javascript`, `src="http`,
	} {
		if strings.Contains(lower, risk) {
			t.Errorf("%s: the HTML has %s", name, risk)
		}
	}
}

// isClean reports whether s is valid UTF-8 without control characters, apart from line feeds and tabs of text, and
// without marks.
func isClean(s string, text bool) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		switch {
		case text && (r == '\n' || r == '\t'):
			return false
		case !text && isBidi(r):
			return true
		default:
			return unicode.IsControl(r) || r == historyMark || r == signatureMark
		}
	}) < 0
}

// TestDamagedMailsAreParsed damages mails of the corpus: bytes change, lines disappear, repeat or move.
func TestDamagedMailsAreParsed(t *testing.T) {
	t.Parallel()
	all := corpus(t)
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SampledFrom(all).Draw(t, "mail").raw
		lines := bytes.SplitAfter(raw, []byte("\n"))
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
			j := rapid.IntRange(0, len(lines)-1).Draw(t, "other line")
			switch rapid.IntRange(0, 4).Draw(t, "change") {
			case 0:
				lines[i] = nil
			case 1:
				lines[i], lines[j] = lines[j], lines[i]
			case 2:
				lines[i] = bytes.Join([][]byte{lines[i], lines[j]}, nil)
			case 3:
				lines[i] = append(bytes.Clone(lines[i][:len(lines[i])/2]), rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes")...)
			default:
				lines[i] = bytes.TrimRight(lines[i], "\r\n")
			}
		}
		raw = bytes.Join(lines, nil)
		if m, err := Parse(raw); err == nil {
			checkBounds(t, "damaged", raw, m)
		} else if len(bytes.TrimSpace(raw)) > 0 {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}

// FuzzParse parses arbitrary bytes, beginning with the corpus.
func FuzzParse(f *testing.F) {
	for _, s := range corpus(f) {
		f.Add(s.raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := Parse(raw); err == nil {
			checkBounds(t, "fuzz", raw, m)
		}
	})
}

// BenchmarkParse parses the corpus: an operation is all of its mails.
func BenchmarkParse(b *testing.B) {
	all := corpus(b)
	bytes := 0
	for _, s := range all {
		bytes += len(s.raw)
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range all {
			if _, err := Parse(s.raw); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(all)*b.N)/b.Elapsed().Seconds(), "mails/s")
}
