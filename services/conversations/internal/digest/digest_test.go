package digest

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/services/conversations"
)

func talk(texts ...string) []conversations.Message {
	var ms []conversations.Message
	for _, text := range texts {
		ms = append(ms, conversations.Message{Content: text, Type: conversations.Text})
	}
	return ms
}

func TestDigest(t *testing.T) {
	t.Parallel()
	catalogue := conversations.Catalogue{
		"delivery": {Name: "delivery", Names: map[string]string{"de": "Lieferung"}}, "gift card": {Name: "gift card"}, "refund": {Name: "refund"},
	}
	system := conversations.Message{Content: "refund refund refund", Type: conversations.System}
	for name, c := range map[string]struct {
		said    []conversations.Message
		summary string
		tags    []string
	}{
		"nothing":        {nil, "", []string{}},
		"the system":     {[]conversations.Message{system}, "", []string{}},
		"one message":    {talk("Is the atlas in stock?"), "Is the atlas in stock?", []string{}},
		"what is common": {talk("Hello there. My parcel is late.", "Sorry! Which parcel?", "The parcel with the atlas. It is late.", "The late parcel arrives tomorrow.", "Bye"), "My parcel is late. The parcel with the atlas. It is late.", []string{}},
		"said twice":     {talk("Where is it?", "Where is it?"), "Where is it?", []string{}},
		"tags":           {talk("About my delivery: a refund?", "The DELIVERY, with a Gift-Card."), "About my delivery: a refund? The DELIVERY, with a Gift-Card.", []string{"delivery", "gift card", "refund"}},
		"another tongue": {talk("Wo bleibt die Lieferung?"), "Wo bleibt die Lieferung?", []string{"delivery"}},
		"part of a word": {talk("refunded redelivery"), "refunded redelivery", []string{}},
		"no spaces":      {talk("在庫はありますか？はい、あります。"), "在庫はありますか？ はい、あります。", []string{}},
		"hostile":        {talk("Where\x00 is\u202e my <b>parcel</b>?\x1b[31m"), "Where is my <b>parcel</b>? [31m", []string{}},
		"only signs":     {talk("?!? 🐸 …"), "", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 3 { // and the same each time
				got, err := Local{}.Digest(t.Context(), c.said, catalogue)
				if err != nil || got.Summary != c.summary || !slices.Equal(got.Tags, c.tags) {
					t.Fatalf("%q %v %v, want %q %v", got.Summary, got.Tags, err, c.summary, c.tags)
				}
			}
		})
	}
}

func TestDigestIsBounded(t *testing.T) {
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
	if err != nil || len(got.Summary) > conversations.MaxSummary || !strings.HasSuffix(got.Summary, "…") || len(got.Tags) != conversations.MaxDigestTags {
		t.Errorf("%d bytes, %v, %v", len(got.Summary), got.Tags, err)
	}
}
