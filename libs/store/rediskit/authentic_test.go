package rediskit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/rediskit"
)

// connect returns a client of m whose keys are repetitions of letters. The first key signs.
func connect(t *testing.T, m *miniredis.Miniredis, letters ...string) *rediskit.Client {
	t.Helper()
	secrets := make([]string, len(letters))
	for i, l := range letters {
		secrets[i] = strings.Repeat(l, 32)
	}
	keys, err := identity.ParseKeyring(secrets)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rediskit.Connect(rediskit.Config{URL: "redis://" + m.Addr()}, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestStreamEntriesVerifyAtTheirPositionOnly(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	writer := connect(t, m, "a")
	if err := writer.Append(t.Context(), "s", []rediskit.Entry{{Pos: 1, Data: "one"}}, 0); err != nil {
		t.Fatal(err)
	}
	signed, err := m.Stream("fivechat:s")
	if err != nil {
		t.Fatal(err)
	}
	fields := signed[0].Values // e, the data, s, its MAC
	for _, c := range []struct {
		name, stream, id string
		values           []string
	}{
		{"in another stream", "t1", "1-0", fields},
		{"at another position", "s", "2-0", fields},
		{"unsigned", "t2", "1-0", fields[:2]},
		{"with other data", "t3", "1-0", []string{"e", "two", "s", fields[3]}},
	} {
		if _, err := m.XAdd("fivechat:"+c.stream, c.id, c.values); err != nil {
			t.Fatal(c.name, err)
		}
	}
	for _, c := range []struct {
		name   string
		reader *rediskit.Client
		stream string
		want   []string
	}{
		{"its own stream, followed by a copy", writer, "s", []string{"one", ""}},
		{"another stream", writer, "t1", []string{""}},
		{"unsigned", writer, "t2", []string{""}},
		{"other data", writer, "t3", []string{""}},
		{"a rotated key", connect(t, m, "b", "a"), "s", []string{"one", ""}},
		{"another key", connect(t, m, "b"), "s", []string{"", ""}},
	} {
		entries, err := c.reader.Read(t.Context(), c.stream, 0, 10, time.Second)
		if err != nil || len(entries) != len(c.want) {
			t.Errorf("%s: %v %v", c.name, entries, err)
			continue
		}
		for i, e := range entries {
			if e.Data != c.want[i] {
				t.Errorf("%s: entry %d is %q", c.name, i, e.Data)
			}
		}
	}
}

func TestCachedValuesVerifyUnderTheirKeyAndTimeOnly(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c := connect(t, m, "a")
	if err := c.Cache(t.Context(), "c", "k", 1, []byte("value"), time.Hour); err != nil {
		t.Fatal(err)
	}
	const at = "fivechat:cache:c:"
	copied := func(to string, change ...string) {
		for _, f := range []string{"v", "b", "t", "s"} {
			m.HSet(at+to, f, m.HGet(at+"k", f))
		}
		m.HSet(at+to, change...)
	}
	copied("other", "v", "1")
	m.HSet(at+"unsigned", "v", "1", "b", "value", "t", "1")
	for name, change := range map[string][]string{"forged": {"b", "forged"}, "renewed": {"t", "2000000000000"}} {
		if err := c.Cache(t.Context(), "c", name, 1, []byte("value"), time.Hour); err != nil {
			t.Fatal(err)
		}
		m.HSet(at+name, change...)
	}
	for key, want := range map[string]bool{
		"k": true, "other": false, "unsigned": false, "forged": false, "renewed": false,
	} {
		got, found, err := c.Cached(t.Context(), "c", key)
		if err != nil || found != want || found && string(got.Value) != "value" {
			t.Errorf("%s: %q %t %v", key, got.Value, found, err)
		}
	}
}
