package main

// The bounds of a search, in requests per second.
const (
	lowest  = 1
	highest = 1 << 17
	near    = 1.1 // the search ends if the lowest failing rate is within this factor of the highest held one
)

// find returns the highest rate that holds, to within a tenth. It doubles the first rate while that holds, or halves it
// until it does, and then halves the distance. If no rate holds, it returns the lowest one that it tried.
func find(first float64, holds func(rate float64) (bool, error)) (float64, error) {
	good, bad := 0.0, 0.0
	for rate := first; good == 0 || bad == 0; {
		held, err := holds(rate)
		switch {
		case err != nil:
			return 0, err
		case held:
			if good = rate; rate*2 > highest {
				return good, nil
			}
			rate *= 2
		default:
			if bad = rate; good == 0 && rate/2 < lowest {
				return rate, nil
			}
			rate /= 2
		}
	}
	for bad/good > near {
		middle := (good + bad) / 2
		held, err := holds(middle)
		if err != nil {
			return 0, err
		}
		if held {
			good = middle
		} else {
			bad = middle
		}
	}
	return good, nil
}
