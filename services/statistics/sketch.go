package statistics

import (
	"maps"
	"math"
	"slices"
)

// A Sketch is a DDSketch (Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
// Relative-Error Guarantees", VLDB 2019, https://arxiv.org/abs/1908.10693). It counts values in buckets whose bounds
// grow by a constant factor. It is written by hand because adding must not read the stored sketch: each bucket is a
// field that the store increments, which the encodings of libraries don't allow.
type Sketch map[int]int64

const (
	// SketchError limits the error of a quantile, relative to the true value: 1 %.
	SketchError = 0.01
	growth      = (1 + SketchError) / (1 - SketchError)
	// unit is the smallest span in seconds that differs from 0: a millisecond, the precision of stored times.
	unit = 0.001
	// longest is the largest span in seconds that is distinguished from longer ones: some thirty years. It limits a
	// sketch to 1,385 buckets.
	longest = 1e9
	atOnce  = -1 // the bucket of spans below a unit
)

// bucket returns the bucket of a span in seconds. Bucket i holds the spans in (growth^(i-1), growth^i] units.
func bucket(seconds float64) int {
	if !(seconds >= unit) { // also NaN
		return atOnce
	}
	return max(int(math.Ceil(math.Log(min(seconds, longest)/unit)/math.Log(growth))), 0)
}

// middle returns the span in seconds that is within SketchError of all spans of a bucket.
func middle(bucket int) float64 {
	if bucket == atOnce {
		return 0
	}
	return 2 * math.Pow(growth, float64(bucket)) / (growth + 1) * unit
}

// Count returns the number of spans in the sketch.
func (s Sketch) Count() (n int64) {
	for _, c := range s {
		n += c
	}
	return n
}

// Quantile returns the span in seconds that the part q (0 to 1) of all spans doesn't exceed, within SketchError. It is
// NaN without spans.
func (s Sketch) Quantile(q float64) float64 {
	rank := int64(q * float64(s.Count()-1))
	for _, b := range slices.Sorted(maps.Keys(s)) {
		if rank -= s[b]; rank < 0 {
			return middle(b)
		}
	}
	return math.NaN()
}

// add adds another sketch's spans and returns the sum; s may be nil.
func (s Sketch) add(other Sketch) Sketch {
	if s == nil && len(other) > 0 {
		s = make(Sketch, len(other))
	}
	for b, n := range other {
		s[b] += n
	}
	return s
}

// spans returns the sketch of one span in seconds, or of none.
func spans(seconds *float64) Sketch {
	if seconds == nil {
		return nil
	}
	return Sketch{bucket(*seconds): 1}
}
