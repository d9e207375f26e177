package httpkit_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

type report struct {
	Rows   []string `json:"rows"`
	uneven bool
}

func (r report) Table() httpkit.Table {
	t := httpkit.Table{Name: "a report", Header: []string{"name", "n", "part", "at", "none", "perhaps"}}
	for _, name := range r.Rows {
		n := -3
		t.Rows = append(
			t.Rows,
			[]any{name, n, -0.5, time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 5*3600+45*60)), nil, &n},
		)
	}
	if r.uneven {
		t.Rows = append(t.Rows, []any{"too short"})
	}
	return t
}

// newRouter returns an empty route table, a chain for its operations, and an assertion for requests.
func newRouter(t *testing.T) (*httpkit.Router, operation.Chain, string) {
	t.Helper()
	s := serve(t)
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := s.keys.Sign(identity.Principal{Kind: identity.Public})
	if err != nil {
		t.Fatal(err)
	}
	return httpkit.NewRouter(tele, s.keys), operation.Standard(tele), assertion
}

func TestTablesAreServedAsCSVOnRequest(t *testing.T) {
	t.Parallel()
	names := []string{
		"plain",
		`with "quotes", and a comma`,
		"two\nlines",
		"=1+1",
		"+1",
		"-1",
		"@x",
		"\tx",
		"",
		"fine=1",
	}
	r, chain, assertion := newRouter(t)
	httpkit.Handle(r, "GET /report", 200, operation.New(chain, "test.report", authz.Public,
		func(context.Context, operation.None) (report, error) { return report{Rows: names}, nil }))
	httpkit.Handle(r, "GET /uneven", 200, operation.New(chain, "test.uneven", authz.Public,
		func(context.Context, operation.None) (report, error) { return report{uneven: true}, nil }))
	ask := func(path, accept string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		req.Header.Set(identity.Header, assertion)
		if accept != "" {
			req.Header.Set("Accept", accept)
		}
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w
	}
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/*": false, "application/json": false, "text/csv": true,
		"TEXT/CSV; header=present":   true,
		"application/json, text/csv": true, "application/json;q=0.9,text/csv": true,
		"application/json, text/csv;q=0.9": false,
		"text/csv;q=0":                     false, "text/csv, */*;q=0.1": true, ";;;, text/csv": true,
	} {
		w := ask("/report", accept)
		if is := w.Header().Get("Content-Type") == "text/csv; charset=utf-8; header=present"; is != want ||
			w.Code != 200 ||
			w.Header().Get("Vary") != "Accept" {
			t.Errorf("%q: %d %v", accept, w.Code, w.Header())
		}
	}
	w := ask("/report", "text/csv")
	rest := ",-3,-0.5,2026-01-02T03:04:05+05:45,,-3\r\n"
	want := "name,n,part,at,none,perhaps\r\n" +
		"plain" + rest + `"with ""quotes"", and a comma"` + rest + "\"two\r\nlines\"" + rest +
		"'=1+1" + rest + "'+1" + rest + "'-1" + rest + "'@x" + rest + "'\tx" + rest + rest + "fine=1" + rest
	if got := w.Body.String(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="a report.csv"` {
		t.Errorf("Content-Disposition is %q", got)
	}
	if w := ask("/uneven", "text/csv"); w.Code != 500 {
		t.Errorf("a row with too few cells: %d", w.Code)
	}
}
