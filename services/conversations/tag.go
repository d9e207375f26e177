package conversations

import (
	"strings"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// MaxCatalogue is the maximum number of tags in a website's catalogue.
const MaxCatalogue = 500

// MaxCatalogueBytes limits one read of a catalogue in bytes. It exceeds the largest catalogue: 500 tags with 100 names
// of 64 bytes each.
const MaxCatalogueBytes = 8 << 20

// Tag is an entry of a website's catalogue: a stored name, and display names by language.
type Tag struct {
	ID        string            `bson:"_id"` // website and name
	WebsiteID tenant.ID         `bson:"websiteId"`
	Name      string            `bson:"name"`
	Names     map[string]string `bson:"names"` // language ("de", "pt-BR") to display name
}

// NewTag returns an entry, or an Invalid fault that lists every wrong field.
func NewTag(t tenant.ID, name string, names map[string]string) (Tag, error) {
	var wrong fault.Problems
	wrong.Check(validTag(name), "name", "must be 1 to 64 bytes of text")
	wrong.Check(len(names) <= 100, "names", "must be at most 100 languages")
	for lang, display := range names {
		wrong.Check(validLanguage(lang), "names."+lang, "must be a language like de or pt-BR")
		wrong.Check(validTag(display), "names."+lang, "must be 1 to 64 bytes")
	}
	if names == nil {
		names = map[string]string{}
	}
	return Tag{ID: t.String() + "/" + name, WebsiteID: t, Name: name, Names: names}, wrong.Err()
}

func validTag(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= maxTag && utf8.ValidString(s) && !searchterms.HasControl(s)
}

func validLanguage(s string) bool {
	if len(s) < 2 || len(s) > 35 {
		return false
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-') {
			return false
		}
	}
	return true
}

// Catalogue maps the stored names of tags to their entries.
type Catalogue map[string]Tag

// Display returns the display names of tags in a language. It falls back to the base language ("pt" for "pt-BR"), then
// to the stored name.
func (c Catalogue) Display(tags []string, lang string) []string {
	out := make([]string, len(tags))
	base, _, _ := strings.Cut(lang, "-")
	for i, t := range tags {
		names := c[t].Names
		switch {
		case names[lang] != "":
			out[i] = names[lang]
		case names[base] != "":
			out[i] = names[base]
		default:
			out[i] = t
		}
	}
	return out
}
