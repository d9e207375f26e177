package visitorcontext_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/visitorcontext"
)

func contextOf(t *testing.T, s string) visitorcontext.Context {
	t.Helper()
	var c visitorcontext.Context
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMergeMergesKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ stored, change, want string }{
		"empty context":           {`{}`, `{"plan":"gold"}`, `{"plan":"gold"}`},
		"empty change":            {`{"plan":"gold"}`, `{}`, `{"plan":"gold"}`},
		"replaces values":         {`{"a":1,"b":2}`, `{"b":3,"c":4}`, `{"a":1,"b":3,"c":4}`},
		"replaces nested objects": {`{"a":{"x":1,"y":2}}`, `{"a":{"z":3}}`, `{"a":{"z":3}}`},
		"null removes":            {`{"a":1,"b":2}`, `{"b":null,"c":null}`, `{"a":1}`},
		"nested null stays":       {`{}`, `{"a":{"b":null},"c":[null]}`, `{"a":{"b":null},"c":[null]}`},
		"sorted at any depth": {
			`{}`, `{"b":{"z":1, "a":[ {"y":1,"x":2} ]}, "a":0}`,
			`{"a":0,"b":{"a":[{"x":2,"y":1}],"z":1}}`,
		},
		"numbers as written": {
			`{}`, `{"n":12345678901234567890,"x":1.10,"e":1e400}`,
			`{"e":1e400,"n":12345678901234567890,"x":1.10}`,
		},
		"markup as written":        {`{}`, `{"a":"<b>&\u003c"}`, `{"a":"<b>&<"}`},
		"empty key":                {`{}`, `{"":1,"a.b":2,"$c":3}`, `{"":1,"$c":3,"a.b":2}`},
		"keys differ by case":      {`{"Plan":1}`, `{"plan":2}`, `{"Plan":1,"plan":2}`},
		"nested geolocation stays": {`{}`, `{"order":{"city":"Bern"}}`, `{"order":{"city":"Bern"}}`},
		"geolocation null":         {`{"a":1}`, `{"city":null,"CITY":null}`, `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problem := visitorcontext.Merge(c.stored, contextOf(t, c.change))
			if got != c.want || problem != "" {
				t.Errorf("got %s (%s), want %s", got, problem, c.want)
			}
		})
	}
}

func TestMergeDropsGeolocation(t *testing.T) {
	t.Parallel()
	keys := "geo geolocation location country countryCode region city latitude longitude lat lng lon coordinates " +
		"timezone ip"
	for key := range strings.SplitSeq(keys, " ") {
		for _, written := range []string{
			key, strings.ToUpper(key), strings.ToUpper(key[:1]) + key[1:],
			strings.ToLower(key),
		} {
			got, problem := visitorcontext.Merge(`{}`, contextOf(t, fmt.Sprintf(`{%q:"x","kept":1}`, written)))
			if got != `{"kept":1}` || problem != "" {
				t.Errorf("%s: %s (%s)", written, got, problem)
			}
		}
	}
}

func TestMergeKeepsKeysThatOnlyResembleGeolocation(t *testing.T) {
	t.Parallel()
	want := `{" ip":1,"cityId":1,"ip_":1,"locations":1}`
	if got, problem := visitorcontext.Merge(`{}`, contextOf(t, want)); got != want || problem != "" {
		t.Errorf("%s (%s)", got, problem)
	}
}

func TestMergeRefusesSizesAboveTheLimits(t *testing.T) {
	t.Parallel()
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":1`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	filler := func(n int) string { return `{"a":"` + strings.Repeat("x", n-len(`{"a":""}`)) + `"}` }
	for name, c := range map[string]struct {
		stored, change string
		fine           bool
	}{
		"most keys":                {`{}`, keys(100), true},
		"too many keys":            {`{}`, keys(101), false},
		"too many keys together":   {keys(100), `{"more":1}`, false},
		"one key replaces another": {keys(100), `{"more":1,"k0":null}`, true},
		"most bytes":               {`{}`, filler(16 << 10), true},
		"too many bytes":           {`{}`, filler(16<<10 + 1), false},
		"too many bytes together":  {filler(16 << 10), `{"b":1}`, false},
		"overwritten":              {filler(16 << 10), filler(10), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problem := visitorcontext.Merge(c.stored, contextOf(t, c.change))
			if (problem == "") != c.fine || (!c.fine && got != c.stored) {
				t.Errorf("problem %q, merged %.40s…", problem, got)
			}
		})
	}
}
