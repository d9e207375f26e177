package rediskit_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func TestCacheKeepsTheNewestVersion(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	start := time.Unix(1_800_000_000, 0)
	m.SetTime(start)
	c := connect(t, m, "k")
	holds := func(name, value string, age time.Duration) {
		t.Helper()
		got, ok, err := c.Cached(t.Context(), "c", "k")
		if err != nil || ok != (value != "") || string(got.Value) != value || got.Age != age {
			t.Errorf("%s: %q of %v, %t, %v", name, got.Value, got.Age, ok, err)
		}
	}
	put := func(version int64, value string) {
		t.Helper()
		if err := c.Cache(t.Context(), "c", "k", version, []byte(value), time.Hour); err != nil {
			t.Error(err)
		}
	}
	outdate := func(version int64) {
		t.Helper()
		if err := c.Outdate(t.Context(), "c", "k", version); err != nil {
			t.Error(err)
		}
	}
	holds("nothing yet", "", 0)
	put(3, "three")
	m.SetTime(start.Add(4 * time.Second))
	holds("put", "three", 4*time.Second)
	put(2, "two")
	holds("an older one", "three", 4*time.Second)
	outdate(3)
	holds("outdated as old as it is", "three", 4*time.Second)
	outdate(4)
	holds("outdated", "", 0)
	put(3, "three")
	holds("put back after an outdated read", "", 0)
	put(4, "four")
	holds("the new one", "four", 0)
	put(4, "four again")
	holds("the same one", "four again", 0)
	m.FastForward(time.Hour)
	holds("too old", "", 0)
}
