package paging

import (
	"fmt"
	"strconv"
	"strings"
)

// Numbers is a position that consists of several numbers, such as the positions in several logs. Its text has them in
// order, separated by dots.
type Numbers []int64

// String returns the text of the position.
func (n Numbers) String() string {
	parts := make([]string, len(n))
	for i, one := range n {
		parts[i] = strconv.FormatInt(one, 10)
	}
	return strings.Join(parts, ".")
}

// ParseNumbers reads a position that has count numbers. The caller checks their bounds.
func ParseNumbers(text string, count int) (Numbers, error) {
	parts := strings.Split(text, ".")
	if len(parts) != count {
		return nil, fmt.Errorf("paging: %q has %d numbers, not %d", text, len(parts), count)
	}
	n := make(Numbers, count)
	for i, part := range parts {
		var err error
		if n[i], err = strconv.ParseInt(part, 10, 64); err != nil {
			return nil, fmt.Errorf("paging: %q is not a number", part)
		}
	}
	return n, nil
}
