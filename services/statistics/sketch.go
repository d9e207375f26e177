package statistics

import (
	"maps"
	"math"
	"slices"
)

// A Sketch is a DDSketch (Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
// Guarantees", VLDB 2019, https://arxiv.org/abs/1908.10693): it counts values in buckets whose bounds grow by a constant
// factor. It is written by hand because a stored one is never read to be added to: each bucket is a field of its own that
// the store increments, which the libraries' encodings do not allow.
type Sketch map[int]int64

const (
	// SketchError bounds how far a quantile is from the value that it stands for, relative to that value: 1 %.
	SketchError = 0.01
	growth      = (1 + SketchError) / (1 - SketchError)
	// unit is the smallest span in seconds that is told from none, the millisecond that times are stored in.
	unit = 0.001
	// longest is the largest span in seconds that is told from a longer one: some thirty years. With it a sketch has at most
	// 1,385 buckets.
	longest = 1e9
	atOnce  = -1 // the bucket of what took less than a unit
)

// bucket gives where a span in seconds is counted. Bucket i holds the spans in (growth^(i-1), growth^i] units.
func bucket(seconds float64) int {
	if !(seconds >= unit) { // also what is no number
		return atOnce
	}
	return max(int(math.Ceil(math.Log(min(seconds, longest)/unit)/math.Log(growth))), 0)
}

// middle gives the span in seconds that is within SketchError of all spans of a bucket.
func middle(bucket int) float64 {
	if bucket == atOnce {
		return 0
	}
	return 2 * math.Pow(growth, float64(bucket)) / (growth + 1) * unit
}

// Count gives how many spans are in the sketch.
func (s Sketch) Count() (n int64) {
	for _, c := range s {
		n += c
	}
	return n
}

// Quantile gives the span in seconds that the part q (0 to 1) of all spans does not exceed, within SketchError; NaN where
// there are none.
func (s Sketch) Quantile(q float64) float64 {
	rank := int64(q * float64(s.Count()-1))
	for _, b := range slices.Sorted(maps.Keys(s)) {
		if rank -= s[b]; rank < 0 {
			return middle(b)
		}
	}
	return math.NaN()
}

// add counts another sketch's spans in and gives the sum; s may be nil.
func (s Sketch) add(other Sketch) Sketch {
	if s == nil && len(other) > 0 {
		s = make(Sketch, len(other))
	}
	for b, n := range other {
		s[b] += n
	}
	return s
}

// spans is a sketch of one span in seconds, or of none.
func spans(seconds *float64) Sketch {
	if seconds == nil {
		return nil
	}
	return Sketch{bucket(*seconds): 1}
}
