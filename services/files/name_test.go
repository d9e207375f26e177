package files_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"fivechat.dev/services/files"
)

func TestCleanName(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"receipt.pdf":                      "receipt.pdf",
		"../../etc/passwd":                 "passwd",
		`C:\Users\vera\receipt.pdf`:        "receipt.pdf",
		"photo\u202egnp.exe":               "photognp.exe", // would be shown as photoexe.png
		"a\x00b\r\nc.txt":                  "ab c.txt",
		"  . .hidden ":                     "hidden",
		"..":                               "file",
		"/":                                "file",
		"\u200b":                           "file",
		"Beleg für März.pdf":               "Beleg für März.pdf",
		`a"<b>|c?.txt`:                     "abc.txt",
		"領収書.png":                          "領収書.png",
		strings.Repeat("é", 300) + ".jpeg": strings.Repeat("é", 97) + ".jpeg",
	} {
		if got := files.CleanName(given); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

// TestCleanNamesAreShort checks that any name is valid, short, and stays the same if it is cleaned again.
func TestCleanNamesAreShort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := files.CleanName(rapid.String().Draw(t, "name") + rapid.StringN(0, 400, -1).Draw(t, "more"))
		if name == "" || len(name) > 200 || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\x00\n") {
			t.Fatalf("%q", name)
		}
		if again := files.CleanName(name); again != name {
			t.Fatalf("%q, then %q", name, again)
		}
	})
}
