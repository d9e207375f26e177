package timestamp_test

import (
	"testing"
	"time"

	"fivechat.dev/libs/kernel/timestamp"
)

func TestFormatConvertsToUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 15, 11, 30, 0, 123_999_999, time.FixedZone("", 3600))
	if got, want := timestamp.Format(at), "2024-01-15T10:30:00.123Z"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestClockReadsUTCInMilliseconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 15, 11, 30, 0, 123_999_999, time.FixedZone("", 3600))
	now := timestamp.Clock(func() time.Time { return at })
	if got, want := now(), time.Date(2024, 1, 15, 10, 30, 0, 123_000_000, time.UTC); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
