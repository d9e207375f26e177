package paging

// MaxBytes is how many bytes the rows of one answer have, read from the store and again as JSON. 100 rows with the longest
// text (64 KiB) fit, so that a page is only cut if its text is mostly characters that JSON escapes, or was stored before
// today's bounds.
const MaxBytes = 8 << 20

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
