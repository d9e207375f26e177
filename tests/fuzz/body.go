package fuzz

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// body draws a body, and adds its possible faults to faults.
func (d *drawer) body(o *Operation, faults *[]fault) *node {
	if o.body == nil || !o.needsBody && one(d, "no body", false, false, false, true) {
		return nil
	}
	root := d.value(o.body, "", "")
	d.request.Header.Set("Content-Type", one(d, "Content-Type", "application/json", "application/json; charset=utf-8",
		"Application/JSON", "application/merge-patch+json"))
	media := func(t string) fault {
		return fault{"the media type " + t, []int{http.StatusUnsupportedMediaType}, func() {
			d.request.Header.Set("Content-Type", t)
		}}
	}
	*faults = append(*faults, media("text/plain"), media("application/x-www-form-urlencoded"),
		media("multipart/form-data; boundary=x"), media("application/json;;"), media("/"))
	for _, wrong := range malformed {
		add(faults, wrong.what, func() { root.replace(wrong.of(string(root.bytes()))) })
	}
	for _, kind := range []string{"[]", `"text"`, "5", "true", "null"} {
		if kind != "null" { // null is like no body
			add(faults, "a body that is "+kind, func() { root.replace(kind) })
		}
	}
	d.wrong(root, faults)
	return root
}

// null sometimes sets an optional member to null although its schema has no null, and returns its path. On creation,
// null means that the member is left out. In a change, where null could also mean removal, it may be refused.
func (d *drawer) null(root *node) string {
	var optional []*node
	var walk func(n *node)
	walk = func(n *node) {
		for _, m := range n.members {
			if n.schema != nil && m.schema != nil && n.schema.Properties[m.name] != nil &&
				!slices.Contains(n.schema.Required, m.name) && !m.permitsNull() {
				optional = append(optional, m.node)
			}
			walk(m.node)
		}
		for _, item := range n.items {
			walk(item)
		}
	}
	if root != nil {
		walk(root)
	}
	if len(optional) == 0 || !one(d, "an optional null", false, false, false, true) {
		return ""
	}
	n := one(d, "member that is null", optional...)
	n.replace("null")
	return n.at
}

// add adds a fault of the body.
func add(faults *[]fault, what string, make func()) {
	*faults = append(*faults, fault{what, []int{http.StatusBadRequest}, make})
}

// malformed are changes that make a text invalid JSON, or JSON that two parsers could read differently.
var malformed = []struct {
	what string
	of   func(body string) string
}{
	{"a body cut short", func(b string) string { return b[:len(b)-1] }},
	{"data after the body", func(b string) string { return b + "{}" }},
	{"a byte order mark", func(b string) string { return "\ufeff" + b }},
	{"a trailing comma", func(b string) string { return b[:len(b)-1] + ",}" }},
	{"a name twice", func(b string) string { return `{"bogus":1,"bogus":1,` + b[1:] }},
	{"bytes that are not UTF-8", func(b string) string { return "{\"bogus\xff\":1," + b[1:] }},
	{"half a surrogate pair", func(b string) string { return `{"bogus":"\ud83d",` + b[1:] }},
	{"surrogates in the wrong order", func(b string) string { return `{"bogus":"\ude00\ud83d",` + b[1:] }},
	{"a NUL", func(b string) string { return `{"bogus":"\u0000",` + b[1:] }},
	{"a NUL in a name", func(b string) string { return `{"bog\u0000us":1,` + b[1:] }},
	{"a raw line feed in a string", func(b string) string { return "{\"bogus\":\"\n\"," + b[1:] }},
	{"a number with a leading zero", func(b string) string { return `{"bogus":01,` + b[1:] }},
	{"NaN", func(b string) string { return `{"bogus":NaN,` + b[1:] }},
	{"single quotes", func(string) string { return "{'content':'x'}" }},
	{"a comment", func(b string) string { return b + "// why" }},
	{"very deep nesting", func(string) string {
		return `{"context":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"
	}},
}

// others are values of each type, to replace values of another type.
var others = []struct{ kind, text string }{
	{"string", `"text"`},
	{"number", "1.5"},
	{"boolean", "true"},
	{"object", `{"a":1}`},
	{"array", "[[]]"},
}

// wrong adds the possible faults of a value, by its schema, and those of its members and items.
func (d *drawer) wrong(n *node, faults *[]fault) {
	if n.schema == nil {
		return
	}
	for _, m := range n.members {
		d.wrong(m.node, faults)
	}
	for _, item := range n.items {
		d.wrong(item, faults)
	}
	switch n.kind {
	case 'o':
		d.wrongObject(n, faults)
	case 'a':
		wrongList(n, faults)
	}
	if n.at == "" {
		return
	}
	for _, other := range others {
		if !n.schema.Type.Permits(other.kind) {
			add(faults, n.at+" is "+other.text, func() { n.replace(other.text) })
		}
	}
	if n.kind == 's' {
		d.wrongScalar(n, faults)
	}
}

func (d *drawer) wrongObject(n *node, faults *[]fault) {
	s := n.schema
	for i, m := range n.members {
		if !slices.Contains(s.Required, m.name) {
			continue
		}
		add(faults, join(n.at, m.name)+" is missing", func() { n.members = slices.Delete(slices.Clone(n.members), i, i+1) })
		if !m.permitsNull() {
			add(faults, join(n.at, m.name)+" is null", func() { m.replace("null") })
		}
	}
	if len(n.members) > 0 {
		add(faults, join(n.at, n.members[0].name)+" is there twice", func() {
			n.members = append(slices.Clone(n.members), n.members[0])
		})
	}
	if has := s.AdditionalProperties.Has; has != nil && !*has {
		name := one(d, n.at+" unknown member", "bogus", "__proto__", "ID", "websiteId", "")
		if _, known := s.Properties[name]; !known {
			add(faults, "the unknown member "+join(n.at, name), func() {
				n.members = append(n.members, member{name, scalar(nil, "", "1")})
			})
		}
	}
	if s.PropertyNames != nil {
		if name, is := mismatch(s.PropertyNames.Value.Pattern, one(d, n.at+" invalid name", "", "x", "é", "de_DE",
			strings.Repeat("a", 36))); is {
			add(faults, n.at+" has the name "+name, func() {
				n.members = append(n.members, member{name, scalar(nil, "", `"x"`)})
			})
		}
	}
	if s.MaxProps != nil {
		add(faults, n.at+" has too many members", func() {
			for i := range *s.MaxProps + 1 {
				n.members = append(n.members, member{fmt.Sprint("more", i), scalar(nil, "", `"x"`)})
			}
		})
	}
}

func wrongList(n *node, faults *[]fault) {
	if n.schema.MinItems > 0 {
		add(faults, n.at+" is empty", func() { n.items = nil })
	}
	if n.schema.MaxItems != nil && len(n.items) > 0 {
		if n.schema.UniqueItems {
			add(faults, n.at+" has an item twice", func() { n.items = append(n.items[:1:1], n.items[0]) })
		}
		// So many items may exceed the size limit of the body.
		*faults = append(*faults,
			fault{n.at + " has too many items", []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}, func() {
				n.items = slices.Repeat(n.items[:1], int(*n.schema.MaxItems)+1)
			}})
	}
}

func (d *drawer) wrongScalar(n *node, faults *[]fault) {
	s, says := n.schema, func(what, text string) { add(faults, n.at+what, func() { n.replace(text) }) }
	if s.Type.Permits("integer") || s.Type.Permits("number") {
		says(" is huge", one(d, n.at+" huge", "1e400", "-1e400", "92233720368547758080", "123456789012345678901234567890"))
	}
	if s.Min != nil {
		says(" is too small", fmt.Sprint(int64(*s.Min)-1))
	}
	if s.Max != nil {
		says(" is too large", fmt.Sprint(int64(*s.Max)+1))
	}
	if !s.Type.Permits("string") {
		return
	}
	says(" has half a surrogate pair", `"x\udc00y"`)
	says(" has a NUL", `"x\u0000y"`)
	says(" has a control character", one(d, n.at+" control", `"x\u0001y"`, `"x\by"`, `"x\u007fy"`, "\"x\u0085y\""))
	says(" is not UTF-8", "\"x\xc3y\"")
	if len(s.Enum) > 0 {
		says(" is not an allowed value", `"BOGUS"`)
	}
	if s.MinLength > 0 {
		says(" is empty", `""`)
		says(" is blank", one(d, n.at+" blank", `" "`, `"\t\n"`, `"\u00a0\u2003"`))
	}
	if s.MaxLength != nil {
		says(" is too long", quoted(strings.Repeat("x", int(*s.MaxLength)+1)))
	}
	if wrong, is := mismatch(s.Pattern, one(d, n.at+" unlike", "", " ", "é", "a\nb", "x'\"<>", "#12345g", "../x",
		strings.Repeat("x", 5000))); is {
		says(" doesn't match its pattern", quoted(wrong))
	}
}

// mismatch reports whether text does not match a schema's pattern.
func mismatch(pattern, text string) (string, bool) {
	if pattern == "" {
		return "", false
	}
	matches, err := regexp.MatchString(pattern, text)
	return text, err == nil && !matches
}
