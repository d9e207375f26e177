package statistics_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"fivechat.dev/libs/contract"
	"fivechat.dev/services/statistics"
)

// sketched returns the sketch of spans, made from events over several buckets.
func sketched(parts ...[]float64) statistics.Sketch {
	var sum statistics.Bucket
	for _, part := range parts {
		var events []statistics.Event
		for i := range part {
			events = append(events, statistics.Event{
				Counts: contract.MessageCreatedCounts{FirstResponseSeconds: &part[i]},
			})
		}
		for _, bucket := range statistics.Project(events).Buckets {
			sum.Add(bucket)
		}
	}
	return sum.Responses
}

// TestQuantilesAreWithinTheirError compares them with the sorted spans, for any split into sketches that are merged.
func TestQuantilesAreWithinTheirError(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		exponents := rapid.SliceOfN(rapid.Float64Range(-3, 9), 1, 200).Draw(t, "exponents")
		all := make([]float64, len(exponents))
		for i, e := range exponents {
			all[i] = math.Pow(10, e)
		}
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		s := sketched(all[:cut], all[cut:])
		if s.Count() != int64(len(all)) {
			t.Fatalf("%d spans of %d", s.Count(), len(all))
		}
		slices.Sort(all)
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		want := all[int(q*float64(len(all)-1))]
		if got := s.Quantile(q); math.Abs(got-want) > want*statistics.SketchError*(1+1e-9) {
			t.Fatalf("the quantile %v is %v, and not within 1 %% of %v", q, got, want)
		}
	})
}

func TestQuantilesAtTheEdges(t *testing.T) {
	t.Parallel()
	near := func(a, b float64) bool { return math.Abs(a-b) <= b*statistics.SketchError*(1+1e-9) }
	for name, c := range map[string]struct {
		spans       []float64
		median, p90 float64
	}{
		"one":               {[]float64{45.46}, 45.46, 45.46},
		"at once":           {[]float64{0}, 0, 0},
		"before it began":   {[]float64{-5}, 0, 0},
		"no number":         {[]float64{math.NaN()}, 0, 0},
		"the unit":          {[]float64{0.001}, 0.001, 0.001},
		"as long as can be": {[]float64{1e9}, 1e9, 1e9},
		"longer":            {[]float64{math.Inf(1)}, 1e9, 1e9},
		"several":           {[]float64{10, 1, 8, 3, 2, 6, 7, 5, 4, 9, 11}, 6, 10},
	} {
		s := sketched(c.spans)
		if m, p := s.Quantile(0.5), s.Quantile(0.9); !near(m, c.median) || !near(p, c.p90) {
			t.Errorf("%s: median %v, p90 %v", name, m, p)
		}
	}
	if got := (statistics.Sketch{}).Quantile(0.5); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}
