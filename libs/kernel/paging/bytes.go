package paging

// MaxBytes bounds the rows of one response, in bytes, as read from the store and again as JSON. 100 rows of 10 KiB
// fit. A response of that size takes about 15 ms of processor time in a service and in the edge. On a machine with one
// processor all other requests wait for it, so MaxBytes also bounds latency.
const MaxBytes = 1 << 20

// Sized is a row that can be long. JSONBytes returns about how many bytes it has as JSON, and never far too few.
type Sized interface{ JSONBytes() int }

// Fit returns the first rows that have MaxBytes together, at least one. cut reports whether it left rows out.
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
