package clients

import (
	"testing"

	"fivechat.dev/libs/store/outbox"
)

func TestUpToCutsAtThePosition(t *testing.T) {
	t.Parallel()
	records := []outbox.Record{{Pos: 3}, {Pos: 5}, {Pos: 9}}
	for to, want := range map[int64]int{0: 0, 2: 0, 3: 1, 4: 1, 8: 2, 9: 3, 10: 3} {
		if got := upTo(records, to); len(got) != want {
			t.Errorf("up to %d: %d records and not %d", to, len(got), want)
		}
	}
	if got := upTo(nil, 5); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
}
