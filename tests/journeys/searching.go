package journeys

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// said are texts, and what people type to find them.
var said = []struct {
	text     string
	searches []string
}{
	{"我想退货，请帮忙", []string{"退货", "帮忙"}},
	{"商品を返品したいです", []string{"返品", "商品"}},
	{"ฉันอยากซื้อหนังสือเล่มนี้", []string{"หนังสือ"}},
	{"주문을 취소하고 싶어요", []string{"주문", "취소"}},
	{"a problème with café Müller, naïve Łódź and İstanbul", []string{
		"probleme", "cafe", "muller", "mueller", "naive", "lodz", "istanbul", "cafe\u0301", "MÜLLER",
	}},
	{"Straßenatlas; ΟΔΟΣ", []string{"strassenatlas", "STRASSENATLAS", "οδός"}},
	{"ＡＴＬＡＳ２", []string{"atlas2"}},
	{"مُحَمَّد", []string{"محمد"}},
	{"می\u200cخواهم; Glo\u00adbus; Hand\u200bbuch", []string{"میخواهم", "Globus", "Handbuch"}},
	{"thanks 🙏🏽", []string{"🙏", "🙏🏽"}},
	{"broken lamp", []string{"brok", "lam"}},
	{"two parcels were shipped", []string{"parcel", "shipping"}},
	{"the globe is out of stock", []string{`"out of stock"`, "globe -lamp", "globe before:2100-01-01"}},
	{"order 4711-A; call +49 30 1234567", []string{"4711", "4711-A", "0301234567", "1234567"}},
	{"see https://shop.example/p/sofa?ref=1 and mail vera@post.example", []string{
		"shop.example", "sofa", "vera@post.example", "post.example",
	}},
	{"ERR_CONN_RESET at cart.js:12", []string{"err_conn_reset", "conn", "cart.js"}},
}

// Searching checks that what people type finds what was said, in any language, in conversations and in tickets.
func Searching(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Pro)
	visitor := w.Visit(t, harness.Map{"name": "Vera Winter"})
	finds := func(list, search string) (found []string) {
		t.Helper()
		for _, row := range w.Reader().Get(t, list+"?search="+url.QueryEscape(search)).List("data") {
			if list == "/tickets" {
				found = append(found, row.Text("id"))
			} else {
				found = append(found, row.Text("token"))
			}
		}
		return found
	}
	for _, c := range said {
		conversation := visitor.Open(t, c.text)
		ticket := w.NewTicket(t, harness.Map{"title": "A question", "description": c.text}).Text("id")
		for _, search := range c.searches {
			if got := finds("/conversations", search); !slices.Contains(got, conversation) {
				t.Errorf("%q doesn't find the conversation %q", search, c.text)
			}
			if got := finds("/tickets", search); !slices.Contains(got, ticket) {
				t.Errorf("%q doesn't find the ticket %q", search, c.text)
			}
			if got := finds("/conversations", search+" xylophone"); len(got) > 0 {
				t.Errorf("%q with an absent word finds %v", search, got)
			}
		}
	}
	long := make([]string, 1_200)
	for i := range long {
		long[i] = fmt.Sprintf("word%04d", i)
	}
	token := visitor.Open(t, strings.Join(long, " ")+" quokkalast 99887766")
	for _, search := range []string{"quokkalast", "99887766", strings.Join(long[:40], " ")} {
		if got := finds("/conversations", search); !slices.Equal(got, []string{token}) {
			t.Errorf("%.20s finds %v, not the long message", search, got)
		}
	}
	searchPeople(t, w, finds)
	for search, place := range map[string]string{
		`"open`: "character 1", "x before:soon": "character 3", "status:done": "character 1", "rating:9": "character 1",
	} {
		p := w.Reader().Do(t, "GET", "/conversations?search="+url.QueryEscape(search), nil).Want(t, 400).Object()
		if !strings.Contains(p.Text("detail"), place) {
			t.Errorf("%s is refused with %s, which doesn't name the place", search, p.Text("detail"))
		}
	}
}

// searchPeople finds conversations by their visitors, and tickets by number and address.
func searchPeople(t *testing.T, w *harness.Website, finds func(list, search string) []string) {
	t.Helper()
	walter := w.Visit(t, harness.Map{"name": "Walter Sommer"})
	token := walter.Open(t, "Hello")
	for _, search := range []string{"walter", "somm", "from:walter"} {
		harness.Eventually(t, harness.Patience, search+" finds the visitor's conversation", func() (bool, any) {
			got := finds("/conversations", search)
			return slices.Equal(got, []string{token}), got
		})
	}
	ticket := w.NewTicket(t, harness.Map{"title": "Sofa", "email": "walter@mail.example"}).Text("id")
	for _, search := range []string{ticket, "#" + ticket, "walter@mail.example", "mail.example"} {
		if got := finds("/tickets", search); !slices.Contains(got, ticket) {
			t.Errorf("%s finds %v, not the ticket %s", search, got, ticket)
		}
	}
	row := w.Reader().Get(t, "/inbox?snippets=true&search=hello").List("data")
	if len(row) != 1 || row[0].Object("snippet").Text("text") != "Hello" ||
		fmt.Sprint(row[0].Object("snippet").M["marks"]) != "[[0 5]]" {
		t.Errorf("the snippet is %v", row)
	}
}
