package isolation_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// assertNotIdentified fails the test if a component's metrics identify a website: by its name, its tokens, a name or id
// of one of its objects, or a requested path. Call it after requests about all of them.
func assertNotIdentified(t *testing.T, worlds ...*harness.World) {
	t.Run("metrics", func(t *testing.T) {
		s := harness.Running()
		if s.AdminURL == "" {
			return // a system elsewhere whose admin address is unknown
		}
		text := s.Measured(t)
		if !strings.Contains(text, "http_route=") {
			t.Fatalf("no request is counted in %d bytes of metrics", len(text))
		}
		var names, numbers []string
		for _, w := range worlds {
			itsNames, itsNumbers := namesOf(w)
			names, numbers = append(names, itsNames...), append(numbers, itsNumbers...)
		}
		for _, found := range identifying(text, names, numbers) {
			t.Error(found)
		}
	})
}

// namesOf returns the names that identify a website or its objects, and the numbers.
func namesOf(w *harness.World) (names, numbers []string) {
	names = []string{
		w.Name, w.User.Text("email"), w.User.Text("name"), w.Secret(harness.Read), w.Secret(harness.Write),
		w.Secret(harness.ReadWrite),
	}
	numbers = []string{harness.PathID(w.ID), harness.PathID(w.Caller.ID)}
	for _, objects := range []map[string]string{w.Objects(), harness.Malformed()} {
		for kind, name := range objects {
			switch {
			case strings.Trim(name, "0123456789") == "":
				numbers = append(numbers, name)
			case kind != "tag" || len(name) > len("%20"):
				names = append(names, name)
			}
		}
	}
	return names, append(numbers, harness.PathID(harness.UnknownID))
}

var (
	labels = regexp.MustCompile(`[{,](\w+)="((?:[^"\\]|\\.)*)"`)
	// tokenForms are the forms of all tokens.
	tokenForms = regexp.MustCompile(`\b(5c|5o|conv|vis|wgt|whsec)_\w{4,}`)
	// numericLabels are the labels whose values are or contain numbers.
	numericLabels = []string{"le", "quantile", "http_response_status_code", "version", "trace_id", "span_id"}
)

// identifying finds, in the text of metrics, one of the names, anything in the form of a token, and one of the numbers
// in a label.
func identifying(text string, names, numbers []string) []string {
	found, seen := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(text) {
		if of, is := bucket(line); is {
			if seen[of] {
				continue // it differs from the line before only by its bound and its count
			}
			seen[of] = true
		}
		for _, name := range names {
			if strings.Contains(line, name) {
				found["the name "+name] = true
			}
		}
		for _, token := range tokenForms.FindAllString(line, -1) {
			found["the token "+token] = true
		}
		for _, l := range labels.FindAllStringSubmatch(line, -1) {
			if slices.Contains(numericLabels, l[1]) {
				continue
			}
			for _, n := range strings.FieldsFunc(l[2], func(r rune) bool { return r < '0' || r > '9' }) {
				if slices.Contains(numbers, n) {
					found[fmt.Sprintf("the number in %s=%q", l[1], l[2])] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// bucket returns a histogram bucket's line up to its bound, and reports whether the line is one without an exemplar.
func bucket(line string) (string, bool) {
	of, _, is := strings.Cut(line, `le="`)
	return of, is && strings.HasSuffix(of, ",") && !strings.Contains(line, " # ")
}

// TestIdentifyingMetricsAreFound checks that every way to identify a website in metrics is found, without false
// positives.
func TestIdentifyingMetricsAreFound(t *testing.T) {
	t.Parallel()
	const good = `# HELP http_server_request_duration_seconds How long requests take.
http_server_request_duration_seconds_bucket{http_route="/conversations/{token}",http_response_status_code="200",` +
		`le="7"} 7 # {trace_id="7a7",span_id="7"} 7 1700000007
go_info{version="go1.7"} 1
`
	for line, is := range map[string]bool{
		"":                                       false,
		`a_total{x="seventeen"}`:                 false,
		`a_total{x="17"}`:                        false,
		`a_total{website="7"}`:                   true,
		`a_total{path="/users/7"}`:               true,
		`a_total{name="Shop x1"}`:                true,
		`a_total 1 # {visitor="vis_abcd1234"} 1`: true,
		`# HELP a_total What 5c_abcdefgh asked.`: true,
		`a_total{http_route="/conversations/conv_abcdefgh1"} 1`:    true,
		`a_total{http_route="/tickets/no-number"} 1`:               true,
		`a_total{x="a \"quoted\" word"} 1`:                         false,
		`a_total{x="a \"7\" in quotes"} 1`:                         true,
		`fivechat_edge_upstream_seconds{upstream="7",le="0.1"}  1`: true,
	} {
		if found := identifying(good+line+"\n", []string{"Shop x1", "no-number"}, []string{"7"}); (len(found) > 0) != is {
			t.Errorf("%s: found %q", line, found)
		}
	}
}
