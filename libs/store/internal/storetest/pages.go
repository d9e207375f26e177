package storetest

import (
	"iter"
	"testing"
)

// maxPages bounds a loop over pages. The longest list of the tests has a tenth of it.
const maxPages = 10_000

// Pages yields 0, 1, 2 … for a loop that reads pages or batches until the last one. It fails the test if there are more
// than maxPages.
func Pages(t testing.TB) iter.Seq[int] {
	return func(yield func(int) bool) {
		t.Helper()
		for page := range maxPages {
			if !yield(page) {
				return
			}
		}
		t.Fatalf("there are more than %d pages or batches: the last one is never reached", maxPages)
	}
}
