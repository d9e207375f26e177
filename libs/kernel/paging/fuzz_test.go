package paging_test

import (
	"testing"

	"fivechat.dev/libs/kernel/paging"
)

// FuzzCursor: every accepted text is the one spelling of its cursor.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{
		"", "AAAA", "AAABjVYp4AAAAAAAAAAAAQ", "AAABjVYp4AAAAAAAAAAAAAE", "AAABjVYp4AAAAAAAAAAAAQ==",
		"_____________________w",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c paging.Cursor
		if c.UnmarshalText([]byte(text)) == nil && c.String() != text {
			t.Fatalf("%q is accepted as %+v, which is %q", text, c, c.String())
		}
	})
}

// FuzzPage: page and limit are clamped, whatever the text.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{
		"", "1", "-1", "1e999", "NaN", "0x1p-2", "1_000", "99999999999999999999", "-0", "1e-400",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var w paging.Window
		if w.Page.UnmarshalText([]byte(text)) != nil || w.Limit.UnmarshalText([]byte(text)) != nil {
			t.Fatalf("%q is refused", text)
		}
		if n, size := w.Number(), w.Size(); n < 1 || n > 1e9 || size < 1 || size > 100 {
			t.Fatalf("%q is page %d of %d rows", text, n, size)
		}
	})
}
