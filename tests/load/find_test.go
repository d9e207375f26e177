package main

import (
	"errors"
	"testing"
)

// TestFind checks that the found rate holds, that a tenth more does not, and that few tries are needed.
func TestFind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ first, holds float64 }{
		"doubling": {100, 1234}, "halving": {1000, 77}, "at once": {100, 150}, "almost nothing": {500, 2.5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			got, err := find(c.first, func(rate float64) (bool, error) { tries++; return rate <= c.holds, nil })
			if err != nil || got > c.holds || got*near < c.holds {
				t.Errorf("%v %v, want %v", got, err, c.holds)
			}
			if tries > 15 {
				t.Errorf("%d tries", tries)
			}
		})
	}
	if got, _ := find(100, func(float64) (bool, error) { return false, nil }); got >= 2*lowest {
		t.Errorf("if no rate holds, the search ends at %v", got)
	}
	if got, _ := find(100, func(float64) (bool, error) { return true, nil }); got > highest || got*2 <= highest {
		t.Errorf("if every rate holds, the search ends at %v", got)
	}
	broken := errors.New("broken")
	if _, err := find(100, func(rate float64) (bool, error) {
		return rate < 300, failAt(rate, 300, broken)
	}); !errors.Is(err, broken) {
		t.Errorf("a failure returns %v", err)
	}
}

func failAt(rate, at float64, err error) error {
	if rate > at {
		return err
	}
	return nil
}
