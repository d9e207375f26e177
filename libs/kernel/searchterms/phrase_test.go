package searchterms_test

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/searchterms"
)

func TestNormal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", " …! ": "", "Out  of\nSTOCK!": "out of stock", "Müller's e-mail": "muller s e mail",
		"我想退货，请": "我 想 退 货 请", "ＡＴＬＡＳ２ 🙏🏽": "atlas2 🙏", "At\u00adlas": "atlas",
	} {
		if got := searchterms.Normal(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestContainsPhrase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		phrase string
		want   bool
	}{
		{"It is out of stock.", "Out of stock", true},
		{"It is out-of-stock", "out of stock", true},
		{"stock out of", "out of stock", false},
		{"out of the stock", "out of stock", false},
		{"without of stock", "out of stock", false},
		{"out of stocks", "out of stock", false},
		{"Herr Müller", "herr mueller", true},
		{"Herr Mueller", "HERR MÜLLER", true},
		{"Herr Mu\u0308ller", "Herr Muller", true},
		{"我想退货，请帮忙", "想退货", true},
		{"我想退货，请帮忙", "退想货", false},
		{"anything", "", false},
		{"anything", "…", false},
	} {
		if got := searchterms.ContainsPhrase(c.text, c.phrase); got != c.want {
			t.Errorf("%q contains %q: %v, want %v", c.text, c.phrase, got, c.want)
		}
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, query string
		limit       int
		want        string // the marked places
	}{
		{"The Parcel, two parcels", "parcel", 9, "Parcel|parcels"},
		{"The Parcel, two parcels", "parcel", 1, "Parcel"},
		{"The Parcel, two parcels", "parcel", 0, ""},
		{"broken atlas atlantic", "atl", 9, "atlas|atlantic"},
		{"We shipped it", "shipping", 9, "shipped"},
		{"Frau Mu\u0308ller, Frau MÜLLER", "mueller", 9, "Mu\u0308ller|MÜLLER"},
		{"ΟΔΟΣ, ＡＴＬＡＳ２!", "οδός atlas2", 9, "ΟΔΟΣ|ＡＴＬＡＳ２"},
		{"an At\u00adlas, \u200bAtlas", "atlas", 9, "At\u00adlas|Atlas"},
		{"我想退货，请帮忙", "退货", 9, "退货"},
		{"我想退货，请帮忙", "想退货", 9, "想退货"},
		{"order 4711-A, 4711", "4711-A", 9, "4711-A"},
		{"to vera@shop.example", "shop.example", 9, "shop.example"},
		{"+49 30 1234567", "0301234567", 9, "49 30 1234567"},
		{"thanks 🙏🏽!", "🙏", 9, "🙏🏽"},
		{"\ufdfa: ﬁne İstanbul™", "fine istanbul", 9, "ﬁne|İstanbul"},
		{"bad \xff parcel \xff", "parcel", 9, "parcel"},
		{"nothing", "", 9, ""},
	} {
		var got []string
		for _, m := range searchterms.Marks(c.text, searchterms.Clauses(c.query, true), c.limit) {
			got = append(got, c.text[m[0]:m[1]])
		}
		if want := strings.Split(c.want, "|"); c.want != "" && !slices.Equal(got, want) || c.want == "" && got != nil {
			t.Errorf("%q in %q: %q, want %q", c.query, c.text, got, c.want)
		}
	}
}

func TestGram(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]struct {
		term  string
		exact bool
	}{
		"": {"", false}, "a": {"", false}, "退": {"", false}, "at": {"^at", true}, "atl": {"^at", false},
		"atla": {"^atla", true}, "atlas": {"^atla", false}, "зак": {"^за", false},
		"parcel": {"^parcel", true}, "parcels": {"^parcel", false},
	} {
		if term, exact := searchterms.Gram(prefix); term != want.term || exact != want.exact {
			t.Errorf("%q: %q, %v", prefix, term, exact)
		}
	}
}
