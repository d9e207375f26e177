package fuzz

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// mostText is the longest text that is drawn if the schema has no bound, and mostItems the longest list.
const (
	mostText  = 64
	mostItems = 3
)

// odd are the rare characters in texts: of other scripts, right to left, combining, invisible, outside the basic plane,
// tab and line breaks, and those with a meaning in some syntax. Other control characters are refused.
var odd = []rune("éßİſΣςżЖ你かمرحباשלום\u0301\u0323\u200d\u200b\u202e\ufeff\ufffd\U0001F600\U0001D4B3\U0010FFFD" +
	"\t\n\r\u2028\"\\/<>&'%${}.*")

// value draws a value that a schema accepts. If a name has known values, it draws one of those.
func (d *drawer) value(s *openapi3.Schema, name, at string) *node {
	for len(s.AllOf) > 0 && s.Type == nil {
		s = s.AllOf[0].Value
	}
	if len(s.OneOf) > 0 && s.Type == nil {
		n := d.value(one(d, at+" of", s.OneOf...).Value, name, at)
		n.nullable = slices.ContainsFunc(s.OneOf, func(of *openapi3.SchemaRef) bool { return of.Value.Type.Is("null") })
		return n
	}
	if s.Type.Is("null") {
		return scalar(s, at, "null")
	}
	if s.Type.IncludesNull() && one(d, at+" null", false, false, false, true) {
		return scalar(s, at, "null")
	}
	if example, is := s.Example.(string); is && s.Type.Permits("string") {
		return scalar(s, at, d.quote(at, example)) // it meets rules that the schema can't express
	}
	if own := d.known[name]; len(own) > 0 && permits(s.Enum, own) && !s.Type.Permits("array") {
		text := one(d, at, own...)
		if s.Type.Permits("string") {
			text = d.quote(at, text)
		}
		return scalar(s, at, text)
	}
	switch {
	case len(s.Enum) > 0:
		return scalar(s, at, quoted(fmt.Sprint(one(d, at, s.Enum...))))
	case s.Type.Permits("object"):
		return d.object(s, at)
	case s.Type.Permits("array"):
		n := &node{schema: s, at: at, kind: 'a'}
		most := mostItems
		if s.MaxItems != nil {
			most = int(*s.MaxItems)
		}
		length := rapid.IntRange(int(s.MinItems), max(int(s.MinItems), min(mostItems, most))).Draw(d.t, at+" length")
		for i := range length {
			item := d.value(s.Items.Value, name, join(at, strconv.Itoa(i)))
			if s.UniqueItems && slices.ContainsFunc(n.items, func(n *node) bool { return same(n, item) }) {
				continue
			}
			n.items = append(n.items, item)
		}
		return n
	case s.Type.Permits("boolean"):
		return scalar(s, at, one(d, at, "true", "false"))
	case s.Type.Permits("integer"):
		return scalar(s, at, strconv.FormatInt(d.whole(s, at), 10))
	case s.Type.Permits("number"):
		return scalar(s, at, d.number(s, at))
	default:
		return scalar(s, at, d.quote(at, d.text(s, at)))
	}
}

// permits reports whether an enumeration has all values, or is none.
func permits(enum []any, values []string) bool {
	return len(enum) == 0 || !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(enum, any(v)) })
}

// same reports whether two values are equal, however their texts are escaped.
func same(a, b *node) bool {
	return a.kind == 's' && b.kind == 's' && unquoted(string(a.bytes())) == unquoted(string(b.bytes()))
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// object draws an object: all required members, some optional ones, and members with free names if the schema permits
// them.
func (d *drawer) object(s *openapi3.Schema, at string) *node {
	n := &node{schema: s, at: at, kind: 'o'}
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > 1 {
		names = rapid.Permutation(names).Draw(d.t, at+" order")
	}
	all := rapid.Bool().Draw(d.t, at+" all members")
	for _, name := range names {
		if all || slices.Contains(s.Required, name) || rapid.Bool().Draw(d.t, join(at, name)+" there") {
			n.members = append(n.members, member{name, d.value(s.Properties[name].Value, name, join(at, name))})
		}
	}
	free, others := s.AdditionalProperties.Schema != nil, s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has
	if !free && !others {
		return n
	}
	for i := range rapid.IntRange(0, mostItems).Draw(d.t, at+" more members") {
		name := fmt.Sprintf("m%d%s", i, one(d, at+" name", "", "_", "é", "😀", " "))
		if s.PropertyNames != nil {
			name = fmt.Sprintf("m%d", i) + rapid.StringMatching("[a-z0-9]{0,33}").Draw(d.t, at+" name")
			if _, fails := mismatch(s.PropertyNames.Value.Pattern, name); fails {
				continue
			}
		}
		made := scalar(nil, join(at, name), one(d, at+" anything", "null", "true", "0", "-1.5e3", `""`, `"text"`, "[]",
			"[1,[2]]", "{}", `{"a":{"b":null}}`))
		if free {
			made = d.value(s.AdditionalProperties.Schema.Value, name, join(at, name))
		}
		n.members = append(n.members, member{name, made})
	}
	return n
}

// whole draws an integer, often one at a bound.
func (d *drawer) whole(s *openapi3.Schema, at string) int64 {
	least, most := int64(-1<<53+1), int64(1<<53-1)
	if s.Min != nil {
		least = int64(*s.Min)
	}
	if s.Max != nil {
		most = int64(*s.Max)
	}
	return one(d, at, least, most, rapid.Int64Range(least, most).Draw(d.t, at+" between"))
}

// number draws a number in one of its spellings.
func (d *drawer) number(s *openapi3.Schema, at string) string {
	least, most := -1e6, 1e6
	if s.Min != nil {
		least = *s.Min
	}
	if s.Max != nil {
		most = *s.Max
	}
	f := rapid.Float64Range(least, most).Draw(d.t, at)
	return one(d, at+" spelling", strconv.FormatFloat(f, 'g', -1, 64), strconv.FormatFloat(f, 'e', -1, 64), "0",
		"-0", "0.0",
		strconv.FormatFloat(least, 'f', -1, 64), strconv.FormatFloat(most, 'f', -1, 64))
}

// times are times in RFC 3339.
var times = []string{
	"2024-01-15T10:30:00.000Z", "2024-02-29T23:59:59Z", "1970-01-01T00:00:00+14:00",
	"2026-03-29T02:30:00.123456789-11:30", "9999-12-31T23:59:59.999Z",
}

// text draws a string. One with a minimal length is not blank: the document says so only in words.
func (d *drawer) text(s *openapi3.Schema, at string) string {
	switch {
	case s.Format == "date-time":
		return one(d, at, times...)
	case s.Pattern != "":
		return rapid.StringMatching(s.Pattern).Draw(d.t, at)
	}
	least, most := int(s.MinLength), mostText
	if s.MaxLength != nil {
		most = int(*s.MaxLength)
	}
	length := one(d, at+" length", least, min(least+1, most), min(most, mostText), most)
	if length > mostText { // the bound of texts counts bytes
		end := string(one(d, at+" end", 'x', 'é', '\U0001F600'))
		return strings.Repeat("x", length-len(end)) + end
	}
	of := rapid.OneOf(rapid.RuneFrom(odd), rapid.RuneFrom([]rune("abcxyz ABC019_-@,;:")))
	text := []rune(rapid.StringOfN(of, least, length, max(length, least*utf8.UTFMax)).Draw(d.t, at))
	if least > 0 && len(text) > 0 {
		text[0] = 'x'
	}
	filled := string(text)
	if one(d, at+" to its full length", false, true) {
		filled += strings.Repeat("x", max(length-len(filled), 0))
	}
	return filled
}

// quote writes text as a JSON string: unchanged, or with all or some characters escaped.
func (d *drawer) quote(at, text string) string {
	if len(text) > mostText*4 {
		return quoted(text)
	}
	switch one(d, at+" escapes", "few", "few", "all", "slashes") {
	case "all":
		var b strings.Builder
		for _, unit := range utf16.Encode([]rune(text)) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
		return `"` + b.String() + `"`
	case "slashes":
		return strings.ReplaceAll(quoted(text), "/", `\/`)
	default:
		return quoted(text)
	}
}
