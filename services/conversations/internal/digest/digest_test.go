package digest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fivechat.dev/services/conversations"
)

func talk(texts ...string) []conversations.Message {
	var ms []conversations.Message
	for _, text := range texts {
		ms = append(ms, conversations.Message{Content: text, Type: conversations.Text})
	}
	return ms
}

func TestDigestPicksRepeatedTopicsAndNamedTags(t *testing.T) {
	t.Parallel()
	catalogue := conversations.Catalogue{
		"delivery":  {Name: "delivery", Names: map[string]string{"de": "Lieferung"}},
		"gift card": {Name: "gift card"},
		"refund":    {Name: "refund"},
		"book":      {Name: "book", Names: map[string]string{"hi": "किताब", "ar": "الكتاب", "ja": "本", "th": "หนังสือ"}},
		"shipping":  {Name: "shipping", Names: map[string]string{"en": "Shipping", "ja": "配送"}},
	}
	system := conversations.Message{Content: "refund refund refund", Type: conversations.System}
	for name, c := range map[string]struct {
		said    []conversations.Message
		summary string
		tags    []string
	}{
		"no messages":    {nil, "", []string{}},
		"system message": {[]conversations.Message{system}, "", []string{}},
		"one message":    {talk("Is the atlas in stock?"), "Is the atlas in stock?", []string{}},
		"repeated words": {
			talk("Hello there. My parcel is late.", "Sorry! Which parcel?",
				"The parcel with the atlas. It is late.", "The late parcel arrives tomorrow.", "Bye"),
			"My parcel is late. The parcel with the atlas. It is late.",
			[]string{},
		},
		"repeated sentence": {talk("Where is it?", "Where is it?"), "Where is it?", []string{}},
		"tags": {
			talk("About my delivery: a refund?", "The DELIVERY, with a Gift-Card."),
			"About my delivery: a refund? The DELIVERY, with a Gift-Card.",
			[]string{"delivery", "gift card", "refund"},
		},
		"tag name in German": {talk("Wo bleibt die Lieferung?"), "Wo bleibt die Lieferung?", []string{"delivery"}},
		"part of a word":     {talk("refunded redelivery"), "refunded redelivery", []string{}},
		"full stops inside words": {
			talk("It costs 3.50 euros at shop.example.com. It costs 3.50 euros."),
			"It costs 3.50 euros at shop.example.com. It costs 3.50 euros.",
			[]string{},
		},
		"no spaces": {talk("在庫はありますか？はい、あります。"), "在庫はありますか？ はい、あります。", []string{}},
		"unreadable characters": {
			talk("Where\x00 is\u202e my <b>parcel</b>?\x1b[31m"), "Where is my <b>parcel</b>? [31m",
			[]string{},
		},
		"only punctuation": {talk("?!? 🐸 …"), "", []string{}},
		"emoji":            {talk("My parcel 📦👩‍💻 is late!"), "My parcel 📦👩‍💻 is late!", []string{}},
		"repeated tag name": {
			talk("refund refund refund", "delivery"), "refund refund refund",
			[]string{"refund", "delivery"},
		},
		"Hindi": {
			talk("यह किताब कब आएगी। किताब चाहिए।"), "यह किताब कब आएगी। किताब चाहिए।",
			[]string{"book"},
		},
		"Hindi, part of a word":    {talk("किताबें"), "किताबें", []string{}},
		"Arabic":                   {talk("أين الكتاب؟ الكتاب متأخر."), "أين الكتاب؟ الكتاب متأخر.", []string{"book"}},
		"Persian keeps its joiner": {talk("می\u200cخواهم بخرم."), "می\u200cخواهم بخرم.", []string{}},
		"a tag without spaces":     {talk("この本の配送はいつですか？"), "この本の配送はいつですか？", []string{"book", "shipping"}},
		"Thai":                     {talk("หนังสืออยู่ที่ไหน"), "หนังสืออยู่ที่ไหน", []string{"book"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 3 { // the result is the same each time
				got, err := Local{}.Digest(t.Context(), c.said, catalogue)
				if err != nil || got.Summary != c.summary || !slices.Equal(got.Tags, c.tags) {
					t.Fatalf("%q %v %v, want %q %v", got.Summary, got.Tags, err, c.summary, c.tags)
				}
			}
		})
	}
}

func TestDigestHasBoundedLength(t *testing.T) {
	t.Parallel()
	catalogue := conversations.Catalogue{}
	for _, n := range strings.Fields("ant bee cow dog eel fox gnu") {
		catalogue[n] = conversations.Tag{Name: n}
	}
	var long []string
	for range 1000 {
		long = append(long, strings.Repeat("ant bee cow dog eel fox gnu ", 2400))
	}
	got, err := Local{}.Digest(t.Context(), talk(long...), catalogue)
	if err != nil || len(got.Summary) > conversations.MaxSummary || !strings.HasSuffix(got.Summary, "…") ||
		len(got.Tags) != conversations.MaxDigestTags {
		t.Errorf("%d bytes, %v, %v", len(got.Summary), got.Tags, err)
	}
}

// TestDigestOfLongConversationReadsABoundedPart: of a long conversation without repetitions, a bounded part is read.
// Unusual text causes no error.
func TestDigestOfLongConversationReadsABoundedPart(t *testing.T) {
	t.Parallel()
	catalogue := conversations.Catalogue{}
	for i := range conversations.MaxCatalogue {
		names := map[string]string{}
		for j := range 100 {
			names[fmt.Sprint("l", j)] = fmt.Sprintf("name %d %d", i, j)
		}
		catalogue[fmt.Sprint("tag", i)] = conversations.Tag{Name: fmt.Sprint("tag", i), Names: names}
	}
	n := 0
	text := func() string {
		var b strings.Builder
		for b.Len() < maxText-8 {
			n++
			fmt.Fprintf(&b, "%04x.\n", n)
		}
		return b.String()
	}
	said := []string{"This is about tag7. It is tag7."}
	for total := 0; total < maxSaid; total += maxText {
		said = append(said, text())
	}
	said = append(said, "And that about tag8. It is tag8, tag8, tag8.")
	got, err := Local{}.Digest(t.Context(), talk(said...), catalogue)
	if err != nil || !strings.Contains(got.Summary, "It is tag7.") || strings.Contains(got.Summary, "tag8") ||
		!slices.Equal(got.Tags, []string{"tag7"}) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, text := range map[string]string{
		"NUL":           strings.Repeat("\x00", conversations.MaxContent),
		"right to left": strings.Repeat("\u202ea", conversations.MaxContent/4),
		"bytes":         strings.Repeat("\xff", conversations.MaxContent),
		"marks":         strings.Repeat("\u0301", conversations.MaxContent/2),
		"stops":         strings.Repeat(".", conversations.MaxContent),
		"joiners":       strings.Repeat("\u200d", conversations.MaxContent/3),
		"emoji":         strings.Repeat("👩‍💻", conversations.MaxContent/11),
		"one word":      strings.Repeat("𐌰", conversations.MaxContent/4),
		"lines":         strings.Repeat("\n", conversations.MaxContent),
	} {
		got, err := Local{}.Digest(t.Context(), talk(text, text), conversations.Catalogue{"parcel": {Name: "parcel"}})
		if err != nil || len(got.Summary) > conversations.MaxSummary || !utf8.ValidString(got.Summary) ||
			strings.ContainsAny(got.Summary, "\x00\u202e") || len(got.Tags) != 0 {
			t.Errorf("%s: %d bytes %.40q, %v, %v", name, len(got.Summary), got.Summary, got.Tags, err)
		}
	}
}
