package changefeed

import (
	"testing"

	"fivechat.dev/libs/kernel/tenant"
)

// FuzzCursor: a cursor of an export is accepted only for its own kind and website, and never with an impossible
// position.
func FuzzCursor(f *testing.F) {
	site, err := tenant.New(1)
	if err != nil {
		f.Fatal(err)
	}
	another, err := tenant.New(2)
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range []cursor{
		begin("conversations", site, 0, 0), begin("conversations", another, 5, 7), begin("tickets", site, latest, 1),
		{Kind: "conversations", Website: site, Pos: -1},
	} {
		text, err := c.String()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse(text, "conversations", site)
		if err != nil {
			return
		}
		if c.Kind != "conversations" || c.Website != site || min(c.At, c.ID, c.Since, c.Pos) < 0 ||
			max(c.At, c.Since) > latest {
			t.Fatalf("%q is accepted as %+v", text, c)
		}
		if _, err := parse(text, "conversations", another); err == nil {
			t.Fatalf("%q is accepted for two websites", text)
		}
		if _, err := parse(text, "tickets", site); err == nil {
			t.Fatalf("%q is accepted for two kinds", text)
		}
	})
}
