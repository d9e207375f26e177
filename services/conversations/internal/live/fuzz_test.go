package live

import "testing"

// FuzzEventID: a parsed event id has a position for each source, and is written as the same id again.
func FuzzEventID(f *testing.F) {
	for _, seed := range []string{
		"", "1.2.3", "0.0.0", "1.2", "1.2.3.4", "-1.0.0", "+1.0.0", "01.2.3",
		"9223372036854775808.0.0", "x", "1..3",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		c, err := parseCursor(id, 3)
		if err != nil {
			return
		}
		back, err := parseCursor(c.String(), 3)
		if err != nil || len(c) != 3 || !back.within(c) || !c.within(back) || c[0] < 0 || c[1] < 0 || c[2] < 0 {
			t.Fatalf("%q is %v, which is %v, %v", id, c, back, err)
		}
	})
}
