package operator

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyAWholeExportIsOne(t *testing.T) {
	t.Parallel()
	row := `{"kind":"message","content":"` + strings.Repeat("x", 500) + `"}` + "\n"
	for name, c := range map[string]struct {
		body string
		rows int64
		ok   bool
	}{
		"whole":                     {row + row + `{"kind":"end","rows":2}` + "\n", 2, true},
		"empty":                     {`{"kind":"end","rows":0}` + "\n", 0, true},
		"nothing":                   {"", 0, false},
		"torn between rows":         {row + row, 0, false},
		"torn in a row":             {row + row[:100], 0, false},
		"torn in the end":           {row + `{"kind":"end","ro`, 0, false},
		"a row is lacking":          {row + `{"kind":"end","rows":2}` + "\n", 0, false},
		"it does not end there":     {`{"kind":"end","rows":0}` + "\n" + row, 0, false},
		"a message speaks like one": {`{"kind":"message","rows":0}` + "\n", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/operator/websites/3/visitors/vis_a/export" || r.Header.Get("Authorization") != "Bearer key" {
					w.WriteHeader(http.StatusTeapot)
				}
				for i := range c.body { // in pieces
					_, _ = io.WriteString(w, c.body[i:i+1])
				}
			}))
			defer server.Close()
			var into bytes.Buffer
			rows, err := Client{server.URL, "key"}.ExportVisitor(t.Context(), 3, "vis_a", &into)
			if rows != c.rows || (err == nil) != c.ok || into.String() != c.body {
				t.Errorf("%d rows, %v, %d bytes", rows, err, into.Len())
			}
		})
	}
}

func TestARefusedExportSaysWhy(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"detail":"website not found"}`)
	}))
	defer server.Close()
	var into bytes.Buffer
	if _, err := (Client{server.URL, "key"}).ExportWebsite(t.Context(), 3, &into); err == nil ||
		!strings.Contains(err.Error(), "website not found") || into.Len() > 0 {
		t.Errorf("%v, %q", err, into.String())
	}
}
