package paging

import (
	"slices"
	"testing"
)

func TestNumbersHaveATextThatIsReadAgain(t *testing.T) {
	t.Parallel()
	want := Numbers{1, -2147483648, 0}
	if have, err := ParseNumbers(want.String(), len(want)); err != nil || !slices.Equal(have, want) {
		t.Errorf("%s is read as %v, %v", want, have, err)
	}
	for _, text := range []string{"", "1", "1.2", "1.2.3.4", "1..3", "1.2.x", "1.2.3 ", "1.2.9223372036854775808"} {
		if have, err := ParseNumbers(text, 3); err == nil {
			t.Errorf("%q is read as %v", text, have)
		}
	}
}
