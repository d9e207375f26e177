package identity

import "testing"

func TestMACIsValidOnlyForItsPurposeAndParts(t *testing.T) {
	t.Parallel()
	old, rotating, fresh := ring(t, "a"), ring(t, "b", "a"), ring(t, "b")
	code := old.MAC("stream", "events", "17", "data")
	for _, c := range []struct {
		name    string
		keys    *Keyring
		code    string
		purpose string
		parts   []string
		want    bool
	}{
		{"the same key", old, code, "stream", []string{"events", "17", "data"}, true},
		{"a rotated key", rotating, code, "stream", []string{"events", "17", "data"}, true},
		{"a dropped key", fresh, code, "stream", []string{"events", "17", "data"}, false},
		{"another purpose", old, code, "cache", []string{"events", "17", "data"}, false},
		{"another part", old, code, "stream", []string{"events", "18", "data"}, false},
		{"parts split elsewhere", old, code, "stream", []string{"events1", "7", "data"}, false},
		{"one part less", old, code, "stream", []string{"events", "17data"}, false},
		{"a changed code", old, "A" + code[1:], "stream", []string{"events", "17", "data"}, code[0] == 'A'},
		{"no code", old, "", "stream", []string{"events", "17", "data"}, false},
		{"no base64", old, "*", "stream", []string{"events", "17", "data"}, false},
	} {
		if got := c.keys.ValidMAC(c.code, c.purpose, c.parts...); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	if rotating.MAC("stream") != fresh.MAC("stream") {
		t.Error("MAC doesn't use the first key")
	}
}
