package searchterms_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"fivechat.dev/libs/kernel/searchterms"
)

// FuzzOf: terms are bounded in length and number, and each word finds its text, whatever the form of its code points.
func FuzzOf(f *testing.F) {
	for _, c := range cases {
		f.Add(c.text)
	}
	for _, text := range hostile(200) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms := checkTerms(t, text)
		for i, w := range strings.Fields(text) {
			if i == 20 {
				break
			}
			checkWord(t, text, terms, w)
		}
		checkMarks(t, text)
	})
}

// TestWordsOfAnyCharactersAreFound checks the same with characters that depend on one another: those that have cases,
// compositions or compatible forms, marks, digits, what joins words, and several scripts.
func TestWordsOfAnyCharactersAreFound(t *testing.T) {
	t.Parallel()
	var special []rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		text := string(r)
		if r == '\u0345' {
			continue // it becomes a letter in upper case, which is then behind other marks
		}
		if unicode.ToUpper(r) != r || unicode.ToLower(r) != r || !norm.NFKD.IsNormalString(text) || unicode.IsMark(r) ||
			unicode.IsDigit(r) || unicode.Is(unicode.Cf, r) {
			special = append(special, r)
		}
	}
	pools := [][]rune{
		special, []rune("abcdefg"), []rune("-_.@'’,/:+ ()"), []rune("0123456789"), []rune("äöüßøåéñıİſς"),
		[]rune("退货返品ですアー취소หนังสือ"), []rune("كتابیمح\u064f"), []rune("👩💻🙏🏽\u200d❤\ufe0f🇩🇪"),
		[]rune("\u0301\u0308\u00ad\u200b"),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		var b strings.Builder
		for range 1 + random.IntN(3) {
			for range 1 + random.IntN(8) {
				pool := pools[random.IntN(len(pools))]
				b.WriteRune(pool[random.IntN(len(pool))])
			}
			b.WriteByte(' ')
		}
		terms := checkTerms(t, b.String())
		for w := range strings.FieldsSeq(b.String()) {
			checkWord(t, b.String(), terms, w)
		}
		checkMarks(t, b.String())
	}
}

func checkTerms(t *testing.T, text string) []string {
	t.Helper()
	terms := searchterms.Of(0, text)
	seen := make(map[string]bool)
	for _, term := range terms {
		if term == "" || len(term) > searchterms.MaxLength || !utf8.ValidString(term) || seen[term] {
			t.Fatalf("%q has the term %q", text, term)
		}
		seen[term] = true
	}
	// A compatibility character stands for up to 18 others.
	if len(terms) > 8*len(norm.NFKC.String(text)) {
		t.Fatalf("%q has %d terms", text, len(terms))
	}
	if part := searchterms.Of(7, text); !slices.Equal(part, terms[:min(7, len(terms))]) {
		t.Fatalf("%q: at most 7 terms are %q of %q", text, part, terms)
	}
	return terms
}

// checkWord searches for a word of text, as it is and in other forms.
func checkWord(t *testing.T, text string, terms []string, w string) {
	t.Helper()
	if len(searchterms.Clauses(w, false)) == 0 || len(norm.NFKC.String(text)) > 2*len(text) {
		return
	}
	for form, query := range map[string]string{
		"itself": w, "NFC": norm.NFC.String(w), "NFD": norm.NFD.String(w), "NFKC": norm.NFKC.String(w),
		"upper case": strings.ToUpper(w), "lower case": strings.ToLower(w),
	} {
		if form == "NFKC" && signs.Replace(w) != w {
			continue // they become letters of their own
		}
		for _, beginnings := range []bool{false, true} {
			if !finds(t, terms, query, beginnings) {
				t.Fatalf("%q isn't found by its word %q (%s of %q): %q, %q", text, query, form, w,
					searchterms.Clauses(query, beginnings), terms)
			}
		}
	}
	if !searchterms.ContainsPhrase(text, w) {
		t.Fatalf("%q doesn't contain its word %q: %q, %q", text, w, searchterms.Normal(text), searchterms.Normal(w))
	}
}

// checkMarks: the places of a text's words cover its letters and digits.
func checkMarks(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		return
	}
	last := 0
	marks := searchterms.Marks(text, searchterms.Clauses(text, false), len(text))
	for _, m := range marks {
		if m[0] < last || m[1] <= m[0] || m[1] > len(text) || !utf8.ValidString(text[m[0]:m[1]]) {
			t.Fatalf("marks of %q: %v", text, marks)
		}
		if between := norm.NFKC.String(signs.Replace(text[last:m[0]])); strings.ContainsFunc(between, isCounted) {
			t.Fatalf("marks of %q don't cover %q: %v", text, between, marks)
		}
		last = m[1]
	}
}

// signs removes signs that NFKC turns into letters.
var signs = strings.NewReplacer("™", "", "℠", "", "№", "")

func isCounted(r rune) bool {
	return unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Han) && unicode.IsLetter(r)
}

// hostile returns texts of n bytes that cost much if an analysis isn't linear.
func hostile(n int) map[string]string {
	of := func(piece string) string { return strings.Repeat(piece, n/len(piece)+1)[:n] }
	return map[string]string{
		"marks":              of("\u0301\u0323\u0345"),
		"marks of a letter":  "a" + of("\u0301"),
		"marks after colon":  "a:" + of("\u0301"),
		"one word":           of("abcdefghij"),
		"one accented word":  of("äöß"),
		"Han":                of("我想退货请帮忙"),
		"Hangul":             of("취소하고"),
		"Hangul decomposed":  of(norm.NFD.String("취소하고")),
		"Thai":               of("หนังสือ"),
		"digits, hyphens":    of("1-2"),
		"groups of digits":   of("123 45 "),
		"dots":               of("a.b.cd."),
		"at signs":           of("a@b"),
		"apostrophes":        of("l'a'"),
		"emoji with joiners": of("👩\u200d"),
		"flags":              of("🇩🇪"),
		"tones":              of("🏽"),
		"ligatures":          of("ﷺ"),
		"different words":    differentWords(n),
		"invisible":          of("a\u200b\u00ad"),
		"short words":        of("a b c d e f g h i j k l "),
		"words":              of("parcels shipping livres "),
		"not UTF-8":          of("a\xff\xfe"),
		"zeros":              of("0"),
		"old Hangul":         of("\u1100\u1161\u11a8"),
		"Hebrew quotes":      of("א\"ב'"),
	}
}

func differentWords(n int) string { return distinct(n/3 + 1)[:n] }

// TestHostileTexts: the time for a text is linear in its length. 64 KiB took less than 50 ms of a processor on the
// machine of 2026 where it was measured, and five times that with the race detector. The bound is a ratio, since
// machines differ: eight times the text takes eight times the time, and quadratic work takes 64 times.
func TestHostileTexts(t *testing.T) {
	const factor, bound, noise = 8, 3 * 8, 100 * time.Millisecond
	short := hostile(64 << 10 / factor)
	for name, text := range hostile(64 << 10) {
		few, all := analyse(t, short[name]), analyse(t, text)
		t.Logf("%-20s %v; with query, marks and phrase %v; %d terms, %d clauses",
			name, all.indexing, all.total, all.terms, all.clauses)
		if all.total > noise && (all.indexing > bound*few.indexing+noise || all.total > bound*few.total+noise) {
			t.Errorf("%s: %v, %v; of %d KiB %v, %v", name, all.indexing, all.total, 64/factor, few.indexing, few.total)
		}
		if all.terms > 2*len(text) {
			t.Errorf("%s: %d terms", name, all.terms)
		}
	}
}

// analysis is what the analysis of a text took and found.
type analysis struct {
	indexing, total time.Duration
	terms, clauses  int
}

func analyse(t *testing.T, text string) analysis {
	t.Helper()
	begun := processorTime(t)
	terms := searchterms.Of(0, text)
	indexing := processorTime(t) - begun
	clauses := searchterms.Clauses(text, true)
	searchterms.Marks(text, clauses, 10)
	searchterms.ContainsPhrase(text, text)
	return analysis{indexing, processorTime(t) - begun, len(terms), len(clauses)}
}

// processorTime returns the time that this process has used. Tests that run in parallel begin after this one.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// message has 60 words.
const message = "Hello, I ordered two atlases from your shop last week and the tracking page has been saying that " +
	"the parcel is out for delivery since Monday, but nothing has arrived at my address yet. Could you please check " +
	"with the carrier where my order 4711-A is now, and whether you can ship a replacement to vera@shop.example? " +
	"Thanks a lot, Vera Winter 🙏"

// TestTermsPerWord: what a message costs in an index.
func TestTermsPerWord(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		message,
		"Guten Tag, ich habe zwei Straßenkarten für Österreich bestellt, aber die Lieferung wurde nicht vollständig " +
			"ausgeführt und die Rechnung enthält größere Beträge als gewünscht.",
		"Здравствуйте, я заказал два атласа на прошлой неделе, но посылка ещё не пришла по моему адресу.",
	} {
		if n, words := len(searchterms.Of(0, text)), len(strings.Fields(text)); n > 4*words {
			t.Errorf("%d terms of %d words: %q", n, words, searchterms.Of(0, text))
		} else {
			t.Logf("%.2f terms a word", float64(n)/float64(words))
		}
	}
}

func BenchmarkOf(b *testing.B) {
	for name, text := range map[string]string{"English": message, "Chinese": strings.Repeat("我想退货，请帮忙。", 15)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var terms []string
			for b.Loop() {
				terms = searchterms.Of(0, text)
			}
			b.ReportMetric(float64(len(terms))/float64(max(60, len(strings.Fields(text)))), "terms/word")
		})
	}
}

func BenchmarkClauses(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		searchterms.Clauses("broken atlases vera@shop.example deliv", true)
	}
}

func BenchmarkMarks(b *testing.B) {
	clauses := searchterms.Clauses("parcel 4711-A", false)
	b.ReportAllocs()
	for b.Loop() {
		if len(searchterms.Marks(message, clauses, 10)) != 2 {
			b.Fatal(fmt.Sprint(searchterms.Marks(message, clauses, 10)))
		}
	}
}
