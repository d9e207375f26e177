package version_test

import (
	"testing"

	"fivechat.dev/libs/kernel/version"
)

// FuzzParse: what is read as a revision is read as the same one again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "1.1", "zz.z", "-1.1", "+1.1", "1", "1.", ".1", "1.1.1", "Z.Z", "99999999999999999999.1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := version.Parse(text)
		if err != nil {
			return
		}
		if back, err := version.Parse(r.String()); err != nil || back != r {
			t.Fatalf("%q is %v, which is %v, %v", text, r, back, err)
		}
		if of, err := version.OfTag(`"` + text + `.x"`); err != nil || of != r {
			t.Fatalf("%q in a tag is %v, %v", text, of, err)
		}
	})
}
