package searchterms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/searchterms"
)

// finds reports whether a row with these terms matches a query, as a store evaluates it: a term is equal, and a
// prefix is found by its gram first and then compared with the row's terms.
func finds(t *testing.T, terms []string, query string, beginnings bool) bool {
	t.Helper()
	clauses := searchterms.Clauses(query, beginnings)
	for _, c := range clauses {
		equal := slices.ContainsFunc(c.Terms, func(term string) bool { return slices.Contains(terms, term) })
		if !equal && !begins(t, terms, c.Prefix) {
			return false
		}
	}
	return len(clauses) > 0
}

func begins(t *testing.T, terms []string, prefix string) bool {
	t.Helper()
	if prefix == "" {
		return false
	}
	found := slices.ContainsFunc(terms, func(term string) bool { return strings.HasPrefix(term, prefix) })
	gram, exact := searchterms.Gram(prefix)
	if gram == "" || slices.Contains(terms, prefix) {
		return found
	}
	byGram := slices.Contains(terms, gram)
	if found && !byGram || exact && byGram && !found {
		t.Errorf("%q is the beginning of a term: %v, and has the gram %q (exact: %v): %v, in %q",
			prefix, found, gram, exact, byGram, terms)
	}
	return found
}

// cases are kinds of texts, queries that find them, and queries that don't.
var cases = []struct {
	kind, text string
	found      []string
	missed     []string
}{
	{"Chinese", "我想退货，请帮忙", list("退货 · 帮忙 · 退 · 忙 · 我想退货"), list("货请 · 货退 · 买")},
	{"Chinese with Latin", "我的iPhone15手机坏了", list("iphone15 · 手机 · IPHONE15手机"), list("机手")},
	{"Japanese", "商品を返品したいです", list("返品 · 商品 · したい"), list("品商 · タイ")},
	{"Katakana", "ｱﾄﾗｽとデータ", list("アトラス · データ · デ"), list("テ · テータ")},
	{"Thai", "ฉันอยากซื้อหนังสือเล่มนี้", list("หนังสือ · ซื้อ"), list("สมุด")},
	{"Khmer, Lao, Myanmar", "សូមជួយ ຊ່ວຍແດ່ ကူညီပါ", list("ជួយ · ຊ່ວຍ · ညီပါ"), list("យជ")},
	{"Korean", "주문을 취소하고 싶어요", list("주문 · 취소 · 취소하고 · 주"), list("문주 · 배송")},
	{
		"accents", "problème, café, Müller, naïve, Łódź, İstanbul, Ægir, smørrebrød, Straße, đồng",
		list("probleme · cafe · muller · mueller · MÜLLER · naive · lodz · istanbul · ISTANBUL · aegir · smorrebrod · " +
			"smoerrebroed · strasse · dong"),
		list("moller · ca · prob"),
	},
	{"typed as two letters", "Mueller, Strasse", list("Müller · Straße"), list("Muller")},
	{"Turkish", "kırık İade IŞIK", list("kirik · KIRIK · iade · ışık · isik"), list("krk")},
	{"Cyrillic", "Ещё ёлка, мой заказ", list("еще · елка · МОЙ"), list("мои")},
	{"sharp s and case", "Straßenatlas; ΟΔΟΣ", list("strassenatlas · STRASSENATLAS · οδός · οδος"), list("strase")},
	{"width", "ＡＴＬＡＳ２", list("atlas2"), list("atlas")},
	{"composed", "caf\u00e9", list("cafe\u0301 · CAFE\u0301"), nil},
	{"decomposed", "cafe\u0301", list("caf\u00e9 · CAF\u00c9"), nil},
	{"Arabic marks", "مُحَمَّد كــتاب ١٢٣", list("محمد · كتاب · 123 · ۱۲۳"), list("محمود")},
	{"Arabic and Persian letters", "کتاب علی", list("كتاب · علي"), list("كاتب")},
	{"Arabic alef and article", "أريد استرجاع الكتاب", list("اريد · كتاب · الكتاب"), nil},
	{"Hebrew marks", "שָׁלוֹם", list("שלום"), nil},
	{"Devanagari", "मुझे मदद चाहिए", list("मदद · मुझे"), list("मझ")},
	{"digits of Devanagari", "४७११", list("4711"), nil},
	{
		"invisible characters", "می\u200cخواهم; At\u00adlas; pa\u200brcel; \u202aorder\u202c",
		list("میخواهم · Atlas · at\u200blas · parcel · order"), list("at · las"),
	},
	{"emoji", "thanks 🙏🏽", list("🙏 · 🙏🏽 · thanks 🙏"), list("🙏🏿 · 👍")},
	{"emoji with joiners and flags", "👩‍💻 ❤️ 🇩🇪!", list("👩‍💻 · ❤ · ❤️ · 🇩🇪"), list("👩 · 🇪🇩")},
	{"emoji without tone", "👍", list("👍"), list("👍🏽")},
	{"plural, stem", "parcels; shipped", list("parcel · shipping · Parcel's"), list("parc · shop")},
	{"stems that are words of another language", "Ik weet niet wat dat kost", list("weten · kosten"), list("water")},
	{"joiner in a word", "क्\u200dष", list("क्ष"), nil},
	{"German stems", "Ich habe die Bücher nicht bekommen", list("Buch · Bücher · buecher"), list("Bach · bekam")},
	{"French stems", "Je veux retourner les livres", list("livre · retourne · retournez"), list("livraison")},
	{"Spanish stems", "Quiero devolver los zapatos y las devoluciones", list("zapato · devolución"), nil},
	{"Russian stems", "Хочу вернуть заказы", list("заказ · заказа"), list("за")},
	{
		"people", "visitor Vera Winter, vera.w@mail.shop.example",
		list("vera · winter · VERA.W@mail.shop.example · vera.w · mail.shop.example · shop.example · Winter Vera"),
		list("vera@shop.example · mail.example · era"),
	},
	{
		"orders", "ticket 9; order 4711-A; Nr. AB-12-9x",
		list("9 · #9 · 4711 · 4711-A · 4711a · order 4711 · AB-12 · ab129X · 12-9x"),
		list("47 · 4711-B · 47110 · A-4711"),
	},
	{
		"phone", "call +49 30 1234567!",
		list("0301234567 · 1234567 · +49 30 1234567 · 0049301234567 · +49301234567 · 030/1234567 · (030) 123-4567 · " +
			"+49 (0)30 1234567"),
		list("234567 · 0401234567 · +43 30 1234567"),
	},
	{"phone in one piece", "+49301234567", list("030 1234567 · 0301234567 · 030-1234567"), list("1234567")},
	{
		"phone without country", "030 1234567 or 01 23 45 67 89",
		list("+49 30 1234567 · 0123456789 · +33 1 23 45 67 89"), nil,
	},
	{"phone with zero", "Tel. +49 (0)30 1234567", list("+49301234567 · 0301234567 · +49 30 1234567"), nil},
	{
		"no phones", "1 2 3 4 5 6 7 8 9; 1234567 2345678 3456789; 000000", list("9 1 · 2345678 · 000000"),
		list("123456789 · 123456723456783456789 · 00000"),
	},
	{"two numbers", "4711 and then 99887766", list("4711 99887766 · 99887766 4711"), list("471199887766")},
	{
		"figures", "1,200.50 or 3,14 on 2026-11-30 and 10,20,30",
		list("1200.50 · 1,200 · 3.14 · 20261130 · 20"), list("1201"),
	},
	{
		"addresses", "https://www.shop.example/p/red-atlas?ref=1",
		list("shop.example · atlas · red-atlas · www.shop.example · https://www.shop.example/p/red-atlas?ref=1"),
		list("www.example · example.shop"),
	},
	{
		"code", "net::ERR_CONN_RESET at my-cart.js:12, mid·dot",
		list("err_conn_reset · conn · cart.js · my-cart.js · cart.js:12 · conn_reset · errconnreset"),
		list("js.cart · err_reset_timeout"),
	},
	{
		"compounds", "my e-mail from O'Brien's state-of-the-art shop in the U.S.A., don't",
		list("email · E-Mail · obrien · o’brien · brien · state · state-of-the-art · stateoftheart · art-state · usa · " +
			"dont · don’t"),
		list("mail-x · statue"),
	},
	{"written apart", "state of the art, an email", list("state-of-the-art · e-mail"), list("shop.state")},
	{
		"French elision", "l'article qu'il a reçu aujourd’hui",
		list("article · l’article · d'article · recu · aujourd'hui"), nil,
	},
	{"signs", "Atlas™ at №9, Winter® 5€ 20°C 100%", list("atlas · 9 · №9 · winter · 5 · 20 · 100%"), list("no9")},
	{"long messages", distinct(1200) + "quokkalast 99887766", list("quokkalast · 99887766 · w0 · w1199"), list("w1200")},
	{"long queries", distinct(40), list(distinct(40)), list(distinct(41))},
	{"no space after a full stop", "Thanks.Bye now", list("thanks · bye"), list("than")},
}

// distinct returns n different words.
func distinct(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprint(&b, "w", i, " ")
	}
	return b.String()
}

func list(texts string) []string { return strings.Split(texts, " · ") }

func TestTextsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		terms := searchterms.Of(0, c.text)
		for _, query := range c.found {
			for _, beginnings := range []bool{false, true} {
				if !finds(t, terms, query, beginnings) {
					t.Errorf("%s: %q isn't found by %q (beginnings: %v): %q, %q", c.kind, c.text, query, beginnings,
						searchterms.Clauses(query, beginnings), terms)
				}
			}
		}
		for _, query := range c.missed {
			if finds(t, terms, query, false) {
				t.Errorf("%s: %q is found by %q: %q, %q", c.kind, c.text, query,
					searchterms.Clauses(query, false), terms)
			}
		}
	}
}

// TestBeginningsAreFound types queries: from the second character on, each beginning finds the text.
func TestBeginningsAreFound(t *testing.T) {
	t.Parallel()
	for text, queries := range map[string][]string{
		"broken atlas":                 list("broken · atlas · broken atl"),
		"Müller Straße":                list("muller · mueller · müller · strasse"),
		"vera@shop.example":            list("vera@shop.example · shop.example"),
		"order 4711-A, cart.js":        list("4711-A · cart.js"),
		"write to +49 30 1234567":      list("1234567 · 301234567"),
		"0301234567":                   list("0301234567"),
		"我想退货":                         list("退货 · 想退货"),
		"취소하고":                         list("취소하고 · 소하고"),
		"l'article, state-of-the-art!": list("article · l'article · state-of-the-art"),
	} {
		for _, query := range queries {
			for i := range query {
				if i > 0 && !finds(t, searchterms.Of(0, text), query[:i], true) {
					t.Errorf("%q isn't found by %q: %q", text, query[:i], searchterms.Clauses(query[:i], true))
				}
			}
		}
	}
	if !finds(t, searchterms.Of(0, "+49 30 1234567"), "0301234", true) {
		t.Error("a phone number with the code of its country isn't found by the beginning of its number without")
	}
	for text, query := range map[string]string{"battle": "atl", "broken": "broker", "atlas broken": "brok atl x"} {
		if finds(t, searchterms.Of(0, text), query, true) {
			t.Errorf("%q is found by %q", text, query)
		}
	}
}
