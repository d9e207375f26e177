package isolation_test

import (
	"slices"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// BenchmarkAnotherWebsites alternately requests another website's object and an unknown one, and reports both medians
// and their ratio. It asserts nothing: on a shared machine the noise is larger than a leak would be. Investigate a
// ratio that stays outside 0.8 to 1.25 over 2,000 requests.
func BenchmarkAnotherWebsites(b *testing.B) {
	own, other := harness.Running().World(b, harness.Pro), harness.Running().World(b, harness.Pro)
	for _, op := range harness.Operations() {
		if op.Malformed == 0 || op.Caller == harness.ByPublic {
			continue
		}
		b.Run(op.Name(), func(b *testing.B) {
			client := op.Allowed(own)
			sorts := [2]map[string]string{other.Objects(), own.Unknown()}
			var took [2][]time.Duration
			for i := range 2 * b.N {
				which := (i + i/2) % 2 // both come first equally often
				begun := time.Now()
				op.Ask(b, client, sorts[which]).Want(b, 404)
				took[which] = append(took[which], time.Since(begun))
			}
			median := func(of []time.Duration) float64 {
				slices.Sort(of)
				return float64(of[len(of)/2].Microseconds())
			}
			theirs, unknowns := median(took[0]), median(took[1])
			b.ReportMetric(theirs, "µs/another's")
			b.ReportMetric(unknowns, "µs/unknown")
			b.ReportMetric(theirs/max(unknowns, 1), "ratio")
		})
	}
}
