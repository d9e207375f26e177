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

// silent fails the test where the metrics of any component tell of a website: of its name, its tokens, of anything in it, by
// name or by number, or of a path as it was asked for. Call it when everything has been asked about all of them.
func silent(t *testing.T, worlds ...*harness.World) {
	t.Run("metrics", func(t *testing.T) {
		s := harness.Running()
		if s.AdminURL == "" {
			return // a system that is elsewhere, and says nowhere what it measures
		}
		text := s.Measured(t)
		if !strings.Contains(text, "http_route=") {
			t.Fatalf("no request is measured in %d bytes", len(text))
		}
		var names, numbers []string
		for _, w := range worlds {
			itsNames, itsNumbers := namesOf(w)
			names, numbers = append(names, itsNames...), append(numbers, itsNumbers...)
		}
		for _, found := range tells(text, names, numbers) {
			t.Error(found)
		}
	})
}

// namesOf gives what can name a website or something in it, and the numbers of both.
func namesOf(w *harness.World) (names, numbers []string) {
	names = []string{w.Name, w.User.Text("email"), w.User.Text("name"), w.Secret(harness.Read), w.Secret(harness.Write), w.Secret(harness.ReadWrite)}
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
	// secretly are the forms of tokens, whosever they are.
	secretly = regexp.MustCompile(`\b(5c|5o|conv|vis|wgt|whsec)_\w{4,}`)
	// counting are the labels whose values are numbers or have some.
	counting = []string{"le", "quantile", "http_response_status_code", "version", "trace_id", "span_id"}
)

// tells gives what in the text of metrics is one of some names, has the form of a token, or is a label with one of some
// numbers.
func tells(text string, names, numbers []string) []string {
	found, seen := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(text) {
		if of, is := bucket(line); is {
			if seen[of] {
				continue // it differs from one before by its bound and its count alone
			}
			seen[of] = true
		}
		for _, name := range names {
			if strings.Contains(line, name) {
				found["the name "+name] = true
			}
		}
		for _, token := range secretly.FindAllString(line, -1) {
			found["the token "+token] = true
		}
		for _, l := range labels.FindAllStringSubmatch(line, -1) {
			if slices.Contains(counting, l[1]) {
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

// bucket gives the line of a histogram's bucket, which has no exemplar, up to its bound, and says whether it is one.
func bucket(line string) (string, bool) {
	of, _, is := strings.Cut(line, `le="`)
	return of, is && strings.HasSuffix(of, ",") && !strings.Contains(line, " # ")
}

// TestMetricsThatTell: each way in which metrics could tell of a website is found, and what tells of none is not.
func TestMetricsThatTell(t *testing.T) {
	t.Parallel()
	const good = `# HELP http_server_request_duration_seconds How long requests take.
http_server_request_duration_seconds_bucket{http_route="/conversations/{token}",http_response_status_code="200",le="7"} 7 # {trace_id="7a7",span_id="7"} 7 1700000007
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
		if found := tells(good+line+"\n", []string{"Shop x1", "no-number"}, []string{"7"}); (len(found) > 0) != is {
			t.Errorf("%s: found %q", line, found)
		}
	}
}
