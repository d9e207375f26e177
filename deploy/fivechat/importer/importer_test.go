package importer_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"fivechat.dev/deploy/fivechat/importer"
)

// server keeps rows by key as the edge does, and refuses rows that say "forbidden".
type server struct {
	*httptest.Server
	mu    sync.Mutex
	keys  map[string]bool
	rows  []json.RawMessage // as they were sent
	fail  int               // how many requests to answer 503 first
	calls int
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{keys: map[string]bool{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail > 0 {
		s.fail--
		w.WriteHeader(503)
		return
	}
	if r.Header.Get("Authorization") != "Bearer secret" {
		w.WriteHeader(401)
		fmt.Fprint(w, `{"code":"token_invalid","detail":"the token is not valid"}`)
		return
	}
	var body struct{ Rows []json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		w.WriteHeader(500)
		return
	}
	rows := make([]struct {
		Key   string
		Turns []struct{ From, Text string }
	}, len(body.Rows))
	for i := range rows {
		if err := json.Unmarshal(body.Rows[i], &rows[i]); err != nil {
			w.WriteHeader(500)
			return
		}
	}
	for i, row := range rows {
		if row.Turns[0].Text == "forbidden" {
			w.WriteHeader(400)
			fmt.Fprintf(w, `{"code":"validation_failed","detail":"no",`+
				`"errors":[{"field":"rows.%d.turns.0.text","message":"is forbidden"}]}`, i)
			return
		}
	}
	imported := 0
	s.rows = append(s.rows, body.Rows...)
	for _, row := range rows {
		if !s.keys[row.Key] {
			s.keys[row.Key] = true
			imported++
		}
	}
	fmt.Fprintf(w, `{"imported":%d,"existing":%d}`, imported, len(body.Rows)-imported)
}

func dialogue(id, text string) string {
	return fmt.Sprintf(`{"id":%q,"topics":["a"],"turns":[{"from":"visitor","text":%q}],"extra":1}`, id, text)
}

func run(t *testing.T, s *server, input string) (importer.Result, map[int]string, error) {
	t.Helper()
	bad := map[int]string{}
	o := options(s, input)
	o.BadLine = func(n int, why error) { bad[n] = why.Error() }
	r, err := importer.Run(t.Context(), o)
	return r, bad, err
}

func options(s *server, input string) importer.Options {
	return importer.Options{
		URL: s.URL, Token: "secret", Input: strings.NewReader(input), Progress: func(int) {}, BadLine: func(int, error) {},
	}
}

func TestBadLinesAreNamedAndTheRestIsImported(t *testing.T) {
	t.Parallel()
	s := serve(t)
	lines := []string{
		1:  dialogue("a", "hello"),
		2:  `{"id":"b",`,
		3:  ``,
		4:  dialogue("", "no id"),
		5:  dialogue("c", "forbidden"),
		6:  `{"id":"d","turns":[]}`,
		7:  "\xff\xfe",
		8:  dialogue("e", strings.Repeat("x", 5<<20)),
		9:  `[1]`,
		10: dialogue("f", "forbidden"),
		11: dialogue("g", "the last line has no break"),
	}
	input := strings.Join(lines[1:], "\n")
	r, bad, err := run(t, s, input)
	if err != nil || r != (importer.Result{Imported: 2, Bad: 8}) {
		t.Fatalf("%+v %v %v", r, bad, err)
	}
	for n, says := range map[int]string{
		2: "JSON", 4: "no id", 5: "turns.0.text is forbidden", 6: "no turns", 7: "UTF-8",
		8: "longer than", 9: "array", 10: "forbidden",
	} {
		if !strings.Contains(bad[n], says) {
			t.Errorf("line %d: %q does not say %q", n, bad[n], says)
		}
	}
	if r, _, err = run(t, s, input); err != nil || r.Imported != 0 || r.Existing != 2 {
		t.Errorf("again: %+v %v", r, err)
	}
}

func TestGzipAndManyBatches(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	const n = 1234
	for i := range n {
		fmt.Fprintln(z, dialogue(fmt.Sprint(i), "hello"))
	}
	z.Close()
	if r, _, err := run(t, s, packed.String()); err != nil || r.Imported != n || len(s.keys) != n {
		t.Fatalf("%+v %v", r, err)
	}
	r, _, err := run(t, s, packed.String()[:packed.Len()/2])
	if err == nil || r.Existing == 0 {
		t.Fatalf("half a file: %+v %v", r, err)
	}
}

func TestServersThatFail(t *testing.T) {
	t.Parallel()
	t.Run("for a moment", func(t *testing.T) {
		t.Parallel()
		s := serve(t)
		s.fail = 2
		if r, _, err := run(t, s, dialogue("a", "x")); err != nil || r.Imported != 1 || s.calls != 3 {
			t.Fatalf("%+v %v", r, err)
		}
	})
	t.Run("for good", func(t *testing.T) {
		t.Parallel()
		s := serve(t)
		s.fail = 1000
		if _, _, err := run(t, s, dialogue("a", "x")); err == nil || !strings.Contains(err.Error(), "gave up") {
			t.Fatal(err)
		}
	})
	t.Run("by refusing", func(t *testing.T) {
		t.Parallel()
		s := serve(t)
		_, err := importer.Run(t.Context(), importer.Options{
			URL: s.URL, Token: "wrong",
			Input: strings.NewReader(dialogue("a", "x")), Progress: func(int) {}, BadLine: func(int, error) {},
		})
		if err == nil || !strings.Contains(err.Error(), "401 token_invalid: the token is not valid") || s.calls != 1 {
			t.Fatalf("%v after %d calls", err, s.calls)
		}
	})
	t.Run("by the input", func(t *testing.T) {
		t.Parallel()
		s := serve(t)
		broken := errors.New("disk on fire")
		_, err := importer.Run(t.Context(), importer.Options{
			URL: s.URL, Token: "secret", Input: iotest.ErrReader(broken),
			Progress: func(int) {}, BadLine: func(int, error) {},
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
	})
}
