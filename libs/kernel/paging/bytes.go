package paging

// MaxBytes is how many bytes the rows of one answer have, read from the store and again as JSON. 100 rows of 10 KiB fit. An
// answer of that size takes a service and the edge some 15 ms of a processor, for which all others wait on a machine with
// one: so the bound is also one on latency.
const MaxBytes = 1 << 20

// Sized is a row that can be long. JSONBytes is about how many bytes it has as JSON, and never far too few.
type Sized interface{ JSONBytes() int }

// Fit gives the first rows that have MaxBytes together, at least one, and whether it left some out.
func Fit[T any](rows []T) (fitting []T, cut bool) {
	left := MaxBytes
	for i := range rows {
		sized, is := any(rows[i]).(Sized)
		if !is {
			return rows, false
		}
		if left -= sized.JSONBytes(); left < 0 && i > 0 {
			return rows[:i], true
		}
	}
	return rows, false
}
