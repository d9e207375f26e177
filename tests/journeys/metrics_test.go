package journeys_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	gateway "fivechat.dev/api-gateway/app"
	"fivechat.dev/tests/harness"
)

// The bounds of a component's metrics.
const (
	mostSeries = 8_000 // of one component; each bucket is one
	mostValues = 120   // of one label in one component
)

// described is a metric as documented in docs/metrics.md.
type described struct {
	name, kind string
	labels     []string
	by         string
}

var row = regexp.MustCompile("^\\| `([a-z_*]+)` \\| ([a-z]+) \\| ([a-z_, ]*) ?\\| ([A-Za-z, ]+) \\| .+ \\|$")

// catalogue reads docs/metrics.md.
func catalogue(t *testing.T) map[string]described {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]described{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Fatalf("docs/metrics.md has a row that cannot be parsed: %s", line)
		}
		labels := strings.FieldsFunc(m[3], func(r rune) bool { return r == ',' || r == ' ' })
		slices.Sort(labels)
		all[m[1]] = described{m[1], m[2], labels, m[4]}
	}
	return all
}

// says reports whether a component should have a metric.
func (d described) says(component string) bool {
	switch d.by {
	case "all":
		return true
	case "services":
		return component != "api-gateway"
	default:
		return slices.Contains(strings.Split(d.by, ", "), strings.TrimPrefix(component, "api-"))
	}
}

// find returns the row of a metric: its own, or the one of its prefix.
func find(all map[string]described, name string) (described, bool) {
	prefix, _, _ := strings.Cut(name, "_")
	if d, ok := all[prefix+"_*"]; ok {
		return d, true
	}
	d, ok := all[name]
	return d, ok
}

// values are the allowed forms of labels' values. Others must be words, so that none is an id, a token or an address.
var (
	values = map[string]*regexp.Regexp{
		"http_request_method":       regexp.MustCompile(`^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|_OTHER)$`),
		"http_response_status_code": regexp.MustCompile(`^([2-5]\d\d|error)$`),
		"version":                   regexp.MustCompile(`^[\w.+~-]+$`),
	}
	word = regexp.MustCompile(`^[A-Za-z]+([._-][A-Za-z]+)*$`)
)

// unbounded lists violations in a component's metrics: undocumented names or labels, and values without a bound.
func unbounded(families map[string]*dto.MetricFamily, all map[string]described,
	routes map[string]bool,
) (wrong []string) {
	series, seen := 0, map[string]map[string]bool{}
	for name, f := range families {
		d, known := find(all, name)
		if !known {
			wrong = append(wrong, name+" is not documented")
		}
		if kind := strings.ToLower(f.GetType().String()); d.kind != "any" && d.kind != kind {
			wrong = append(wrong, fmt.Sprintf("%s is a %s, documented is a %s", name, kind, d.kind))
		}
		for _, m := range f.GetMetric() {
			series += 1 + len(m.GetHistogram().GetBucket())
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName())
				if seen[l.GetName()] == nil {
					seen[l.GetName()] = map[string]bool{}
				}
				seen[l.GetName()][l.GetValue()] = true
			}
			if slices.Sort(labels); d.kind != "any" && !slices.Equal(labels, d.labels) {
				wrong = append(wrong, fmt.Sprintf("%s has the labels %v, documented are %v", name, labels, d.labels))
			}
		}
	}
	for label, those := range seen {
		form := word
		if values[label] != nil {
			form = values[label]
		}
		for v := range those {
			if !form.MatchString(v) && (label != "http_route" || !routes[v]) {
				wrong = append(wrong, fmt.Sprintf("%s has the value %q", label, v))
			}
		}
		if len(those) > mostValues {
			wrong = append(wrong, fmt.Sprintf("%s has %d values", label, len(those)))
		}
	}
	if series > mostSeries {
		wrong = append(wrong, fmt.Sprintf("there are %d series", series))
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

var operator = regexp.MustCompile(`operator\("[A-Z]+", "(/operator/[^"]+)"`)

// routes are the patterns of every route: those of the document, and the operator's ones in the edge's table.
func routes(t *testing.T) map[string]bool {
	t.Helper()
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, o := range d.Operations {
		all[o.Path] = true
	}
	table, err := os.ReadFile(filepath.Join(harness.Root(t), "api-gateway", "internal", "route", "operator.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range operator.FindAllSubmatch(table, -1) {
		all[string(m[1])] = true
	}
	return all
}

// series names all series of all components.
func series(all map[string]map[string]*dto.MetricFamily) map[string]bool {
	names := map[string]bool{}
	for component, families := range all {
		for name, f := range families {
			for _, m := range f.GetMetric() {
				names[component+" "+name+" "+fmt.Sprint(m.GetLabel())] = true
			}
		}
	}
	return names
}

// metrics compares the metrics of all components, after the journeys, with docs/metrics.md in both directions. It also
// checks that their number doesn't grow with the number of websites.
func metrics(t *testing.T, s harness.System) {
	known, paths := catalogue(t), routes(t)
	odd(t, s)
	all := s.Metrics(t)
	if len(all) != 11 {
		t.Errorf("%d components have metrics", len(all))
	}
	for component, families := range all {
		for _, w := range unbounded(families, known, paths) {
			t.Errorf("%s: %s", component, w)
		}
		for name, d := range known {
			_, has := families[name]
			if want := d.says(component); has != want && !strings.Contains(name, "*") {
				t.Errorf("%s has %s: %v, documented: %v", component, name, has, want)
			}
		}
	}
	before := series(all)
	const more = 20
	for range more {
		odd(t, s)
	}
	var fresh []string
	for name := range series(s.Metrics(t)) {
		if !before[name] {
			fresh = append(fresh, name)
		}
	}
	if len(fresh) >= more/2 { // a refusal seen for the first time adds a few
		t.Errorf("%d more websites added %d series: %v", more, len(fresh), fresh)
	}
}

// odd creates a website and sends unusual requests on its behalf.
func odd(t *testing.T, s harness.System) {
	t.Helper()
	w := s.Website(t, harness.Free)
	_, secret := w.Token(t, harness.Read)
	w.Visit(t, harness.Map{"name": harness.Unique("visitor")})
	for _, ask := range [][3]string{
		{"GET", "/conversations", secret},
		{"GET", "/conversations/" + harness.Unique("conv_"), secret},
		{"GET", "/" + harness.Unique("path"), secret},
		{"GET", "/tickets", "5c_" + harness.Unique("token")},
		{
			"BREW" + strings.ToUpper(harness.Unique("")),
			"/health", secret,
		},
		{"GET", "/widgets/" + harness.Unique("wgt_"), ""},
		{"OPTIONS", "/visitor/sessions", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), ask[0], s.URL+ask[1], nil)
		if err != nil {
			continue // a request that cannot be sent cannot become a label
		}
		req.Header.Set("Authorization", "Bearer "+ask[2])
		req.Header.Set("User-Agent", harness.Unique("agent"))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
}

// TestUnboundedMetricsAreFound checks that the check of labels finds each kind of violation.
func TestUnboundedMetricsAreFound(t *testing.T) {
	t.Parallel()
	known, paths := catalogue(t), routes(t)
	text := func(s string) *string { return &s }
	family := func(name string, kind dto.MetricType, labels ...string) map[string]*dto.MetricFamily {
		m := &dto.Metric{}
		for i := 0; i < len(labels); i += 2 {
			m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
		}
		return map[string]*dto.MetricFamily{name: {Name: text(name), Type: &kind, Metric: []*dto.Metric{m}}}
	}
	request := func(route, status string) map[string]*dto.MetricFamily {
		return family("http_server_request_duration_seconds", dto.MetricType_HISTOGRAM, "class", "read",
			"http_request_method", "GET", "http_route", route, "http_response_status_code", status)
	}
	many := family("fivechat_edge_retries_total", dto.MetricType_COUNTER, "upstream", "tickets")
	for i := range mostValues + 1 {
		name := strings.Repeat("x", i+1)
		many["fivechat_edge_retries_total"].Metric = append(many["fivechat_edge_retries_total"].Metric,
			&dto.Metric{Label: []*dto.LabelPair{{Name: text("upstream"), Value: &name}}})
	}
	for _, c := range []struct {
		families map[string]*dto.MetricFamily
		want     string
	}{
		{request("/conversations/{token}", "200"), ""},
		{request("unmatched", "404"), ""},
		{family("go_goroutines", dto.MetricType_GAUGE), ""},
		{request("/conversations/conv_abc", "200"), `http_route has the value "/conversations/conv_abc"`},
		{request("/conversations/{token}", "hello"), `http_response_status_code has the value "hello"`},
		{
			family("fivechat_edge_retries_total", dto.MetricType_COUNTER, "upstream", "5c_secret"),
			`upstream has the value "5c_secret"`,
		},
		{
			family("fivechat_edge_retries_total", dto.MetricType_COUNTER, "upstream", "vera@example.com"),
			`upstream has the value "vera@example.com"`,
		},
		{
			family("fivechat_edge_retries_total", dto.MetricType_COUNTER, "upstream", "tickets", "website", "x"),
			"documented are [upstream]",
		},
		{family("fivechat_edge_retries_total", dto.MetricType_GAUGE, "upstream", "tickets"), "documented is a counter"},
		{family("fivechat_new_total", dto.MetricType_COUNTER), "not documented"},
		{many, "upstream has 122 values"},
	} {
		got := strings.Join(unbounded(c.families, known, paths), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("found %q, want %q", got, c.want)
		}
	}
}

// TestMetricsWithTLS checks that metrics that exist only with a certificate are documented too.
func TestMetricsWithTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	dir, pair := t.TempDir(), s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	c := gateway.Default()
	c.AssertionKeys, c.TLSCertificate, c.TLSKey = []string{strings.Repeat("k", 32)}, filepath.Join(dir, "crt"),
		filepath.Join(dir, "key")
	for path, block := range map[string]*pem.Block{
		c.TLSCertificate: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		c.TLSKey:         {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []*string{
		&c.AccountsURL, &c.ConversationsURL, &c.VisitorsURL, &c.WidgetsURL, &c.TicketsURL,
		&c.StatisticsURL, &c.WebhooksURL, &c.WorkspaceURL, &c.MailURL, &c.FilesURL,
	} {
		*to = s.URL
	}
	unit, err := gateway.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	families, err := unit.Telemetry.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, f := range families {
		has[f.GetName()] = true
	}
	want := maps.Collect(func(yield func(string, bool) bool) {
		for name, d := range catalogue(t) {
			if d.by == "gateway with TLS" && !yield(name, true) {
				return
			}
		}
	})
	if len(want) == 0 {
		t.Error("no metric is documented as one with TLS")
	}
	for name := range want {
		if !has[name] {
			t.Errorf("%s is documented, but missing", name)
		}
	}
}
