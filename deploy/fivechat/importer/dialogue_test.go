package importer_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"

	"fivechat.dev/deploy/fivechat/importer"
)

// TestLinesAreRepaired imports lines that have only one meaning though they aren't as documented.
func TestLinesAreRepaired(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("word ", 20<<10)
	for name, c := range map[string]struct{ line, want string }{
		"everything": {
			`{"id":"a","topics":["x"],"visitor":{"key":7,"name":"Vera","context":{"order":12345678901234567890}},` +
				`"status":"open","assignee":"una@shop.example","summary":"s","rating":{"stars":4,"feedback":"f",` +
				`"at":"2025-01-02T03:04:05Z"},"turns":[{"from":"visitor","text":"x","at":"2025-01-02T03:04:05Z"},` +
				`{"from":"agent","text":"y","at":"2025-01-02T03:05:05+01:00","agent":"una@shop.example"}]}`,
			`{"key":"a","topics":["x"],"visitor":{"key":"7","name":"Vera","context":{"order":12345678901234567890}},` +
				`"status":"OPEN","assignee":"una@shop.example","summary":"s","rating":{"stars":4,"feedback":"f",` +
				`"at":"2025-01-02T03:04:05Z"},"turns":[` +
				`{"from":"agent","text":"y","at":"2025-01-02T03:05:05+01:00","agent":"una@shop.example"},` +
				`{"from":"visitor","text":"x","at":"2025-01-02T03:04:05Z"}]}`,
		},
		"a number as id": {
			`{"id":9007199254740993,"turns":[{"from":"visitor","text":"x"}]}`,
			`{"key":"9007199254740993","turns":[{"from":"visitor","text":"x"}]}`,
		},
		"a comma at the end": {
			`{"id":"a","turns":[{"from":"visitor","text":"x"}]}, `,
			`{"key":"a","turns":[{"from":"visitor","text":"x"}]}`,
		},
		"turns without text, of the system, and of a bot": {
			`{"id":"a","turns":[{"from":"visitor","text":" "},{"from":"system","text":"joined"},{"from":"Bot","text":"x"}]}`,
			`{"key":"a","turns":[{"from":"agent","text":"x"}]}`,
		},
		"half a surrogate pair": {
			`{"id":"a","turns":[{"from":"visitor","text":"\ud83d x"}]}`,
			`{"key":"a","turns":[{"from":"visitor","text":"` + "\ufffd" + ` x"}]}`,
		},
		"some times": {
			`{"id":"a","turns":[{"from":"visitor","text":"x"},{"from":"agent","text":"y","at":"2025-01-02T03:04:05Z"},` +
				`{"from":"agent","text":"z"}]}`,
			`{"key":"a","turns":[{"from":"visitor","text":"x","at":"2025-01-02T03:04:05Z"},` +
				`{"from":"agent","text":"y","at":"2025-01-02T03:04:05Z"},{"from":"agent","text":"z","at":"2025-01-02T03:04:05Z"}]}`,
		},
		"a long text": {
			`{"id":"a","turns":[{"from":"visitor","text":"` + words + `end"}]}`,
			`{"key":"a","turns":[{"from":"visitor","text":"` + words[:65535] + `"},` +
				`{"from":"visitor","text":"` + words[65535:] + `end"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			if r, bad, err := run(t, s, c.line+"\n"); err != nil || r.Imported != 1 {
				t.Fatalf("%+v %v %v", r, bad, err)
			}
			if got := s.rows[0]; !sameJSON(t, got, []byte(c.want)) {
				t.Errorf("sent %.2000s\nwant %.2000s", got, c.want)
			}
		})
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var values [2]any
	for i, text := range [][]byte{a, b} {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&values[i]); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// TestPackedInputs imports the same three lines however they are packed.
func TestPackedInputs(t *testing.T) {
	t.Parallel()
	plain := dialogue("a", "héllo") + "\n" + dialogue("b", "x") + "\n" + dialogue("c", "x")
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	var gz, zst bytes.Buffer
	packed := gzip.NewWriter(&gz)
	fmt.Fprint(packed, plain)
	packed.Close()
	dense, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(dense, plain)
	dense.Close()
	lines := strings.SplitAfter(plain, "\n")
	for name, input := range map[string]string{
		"plain":              plain,
		"a byte order mark":  "\ufeff" + plain,
		"carriage returns":   strings.ReplaceAll(plain, "\n", "\r\n"),
		"UTF-16":             utf16,
		"gzip":               gz.String(),
		"zstd":               zst.String(),
		"tar":                archive(t, strings.TrimSpace(lines[0]), lines[1], lines[2]),
		"a list in an array": "[\n" + strings.ReplaceAll(plain, "\n", ",\n") + "\n]\n",
	} {
		s := serve(t)
		if r, bad, err := run(t, s, input); err != nil || r != (importer.Result{Imported: 3}) {
			t.Errorf("%s: %+v %v %v", name, r, bad, err)
		}
		if !strings.Contains(joined(s), "héllo") {
			t.Errorf("%s: the text was changed: %s", name, s.rows)
		}
	}
	for name, input := range map[string]string{
		"half a gzip file": gz.String()[:gz.Len()/2],
		"half a zstd file": zst.String()[:zst.Len()/2],
		"a zip archive":    "PK\x03\x04xxxx",
	} {
		if r, _, err := run(t, serve(t), input); err == nil {
			t.Errorf("%s: %+v and no error", name, r)
		}
	}
}

func archive(t *testing.T, files ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i, text := range files {
		h := &tar.Header{Name: fmt.Sprint(i, ".jsonl"), Mode: 0o600, Size: int64(len(text)), Format: tar.FormatUSTAR}
		if err := errors.Join(w.WriteHeader(h), onlyError(w.Write([]byte(text)))); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return out.String()
}

func onlyError(_ int, err error) error { return err }

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	o := options(s, dialogue("a", "x")+"\nnonsense\n"+dialogue("b", "x"))
	o.DryRun = true
	if r, err := importer.Run(t.Context(), o); err != nil || r != (importer.Result{Imported: 2, Bad: 1}) || s.calls != 0 {
		t.Errorf("%+v %v, %d calls", r, err, s.calls)
	}
}

func TestStrictStopsAtTheFirstBadLine(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{"malformed": "nonsense", "refused": dialogue("c", "forbidden")} {
		s := serve(t)
		o := options(s, dialogue("a", "x")+"\n"+bad+"\n"+dialogue("b", "x")+"\n")
		o.Strict = true
		r, err := importer.Run(t.Context(), o)
		if !errors.Is(err, importer.ErrStrict) || r.Bad != 1 || s.keys["b"] {
			t.Errorf("%s: %+v %v, stored %v", name, r, err, s.keys)
		}
	}
}

func joined(s *server) (text string) {
	for _, row := range s.rows {
		text += string(row)
	}
	return text
}
