package fuzz

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// parts is a path or a query whose texts are escaped when it is complete.
type parts struct {
	format string            // a path with {name}s; "" for a query
	values map[string]string // escaped
	order  []string
}

func (p *parts) set(name, value string) { p.values[name] = url.PathEscape(value) }

// raw sets a value that is escaped already, or wrongly.
func (p *parts) raw(name, value string) { p.values[name] = value }

func (p *parts) text() string {
	if p.format != "" {
		out := p.format
		for name, value := range p.values {
			out = strings.ReplaceAll(out, "{"+name+"}", value)
		}
		return out
	}
	var pairs []string
	for _, name := range p.order {
		if value, there := p.values[name]; there {
			pairs = append(pairs, name+"="+strings.NewReplacer("&", "%26", "+", "%2B", "=", "%3D").Replace(value))
		}
	}
	return strings.Join(pairs, "&")
}

// clamped reports whether the document promises to accept any value of a parameter.
func (p parameter) clamped() bool { return strings.Contains(p.Description, "clamped") }

// path draws the values in a path.
func (d *drawer) path(o *Operation, faults *[]fault) *parts {
	path := &parts{format: o.Path, values: map[string]string{}}
	for _, p := range o.params {
		if p.In != "path" {
			continue
		}
		s := p.Schema.Value
		path.set(p.Name, d.plain(p))
		wrong := func(what, escaped string) {
			*faults = append(*faults, fault{
				p.Name + " in the path is " + what,
				[]int{http.StatusBadRequest, http.StatusNotFound},
				func() {
					path.raw(p.Name, escaped)
				},
			})
		}
		if s.Type.Permits("integer") {
			wrong("not a number", one(d, p.Name+" wrong", "x", "0", "-1", "1.0", "1e3", "01", "+1", "9007199254740993",
				"99999999999999999999", "%20", "%EF%BC%91"))
		}
		if text, is := mismatch(s.Pattern, one(d, p.Name+" unlike", "no.token", "é", " ", "a b", "a;b", "x'y",
			strings.Repeat("a", 3000))); is {
			wrong("not matching its pattern", url.PathEscape(text))
		}
		if s.Type.Permits("integer") || s.Pattern != "" {
			wrong("not text", one(d, p.Name+" no text", "%00", "%FF", "x%00y", "%C3", "a%2Fb", "a%5Cb"))
		}
	}
	return path
}

// query draws some of the parameters of a query.
func (d *drawer) query(o *Operation, faults *[]fault) *parts {
	query := &parts{values: map[string]string{}}
	for _, p := range o.params {
		if p.In != "query" {
			continue
		}
		query.order = append(query.order, p.Name)
		if p.Required || rapid.Bool().Draw(d.t, p.Name+" there") {
			query.set(p.Name, d.plain(p))
		}
		wrong := func(what, escaped string) {
			*faults = append(*faults, fault{"?" + p.Name + " is " + what, []int{http.StatusBadRequest}, func() {
				query.raw(p.Name, escaped)
			}})
		}
		if p.clamped() {
			continue
		}
		wrong("not text", one(d, p.Name+" no text", "%00", "%FF", "a%00b", "%ED%A0%80"))
		s := p.Schema.Value
		if p.Required {
			*faults = append(*faults, fault{"?" + p.Name + " is missing", []int{http.StatusBadRequest}, func() {
				delete(query.values, p.Name)
			}})
		}
		switch {
		case s.Type.Permits("integer"):
			wrong("not a number", one(d, p.Name+" wrong", "x", "-1", "1.5", "1e3", "0x1", "%201", "99999999999999999999"))
		case s.Type.Permits("boolean"):
			wrong("neither true nor false", one(d, p.Name+" wrong", "yes", "2", "null", "tru"))
		case s.Format == "date-time":
			wrong("not a time", one(d, p.Name+" wrong", "yesterday", "2024-01-15", "2024-13-01T00:00:00Z", "2024-01-15T10:30:00",
				"1705314600", "2023-02-29T00:00:00Z"))
		case len(s.Enum) > 0:
			wrong("not an allowed value", "BOGUS")
		default:
			if text, is := mismatch(s.Pattern, one(d, p.Name+" unlike", "-", "0", "é", "None")); is {
				wrong("not matching its pattern", url.PathEscape(text))
			}
		}
	}
	return query
}

// headers draws some of the headers.
func (d *drawer) headers(o *Operation, faults *[]fault) {
	for _, p := range o.params {
		if p.In != "header" || one(d, p.Name+" left out", true, true, false) {
			continue
		}
		set := func(value string) { d.request.Header.Set(p.Name, value) }
		bad := func(what string, values ...string) {
			*faults = append(*faults, fault{p.Name + " is " + what, []int{http.StatusBadRequest}, func() {
				set(one(d, p.Name+" wrong", values...))
			}})
		}
		switch p.Name {
		case "Idempotency-Key":
			// Long enough that no two requests have the same.
			set(rapid.StringMatching(`[!-~]{16}[ -~]{0,32}[!-~]`).Draw(d.t, p.Name))
			d.request.Allowed = append(d.request.Allowed, http.StatusConflict, http.StatusUnprocessableEntity)
			bad("not a key", "", " ", strings.Repeat("k", 256), "k\xe9y", "k\ty")
		case "If-Match":
			set(one(d, p.Name, "*", `"1.1.x"`, `"", "a"`, `W/"1.1.x"`, ` "x",,"y" `))
			d.request.Allowed = append(d.request.Allowed, http.StatusPreconditionFailed)
			if o.Method == http.MethodPatch || o.Method == http.MethodDelete {
				bad("not a list of ETags", "x", "", `"x`, `x"`, `"x" "y"`, `*, "x"`, `w/"x"`)
			}
		case "Last-Event-ID":
			set(one(d, p.Name, "0.0.0", "1.1.1", "9223372036854775807.0.0", "", "x", "-1.0.0", "1.2", "1.2.3.4",
				"99999999999999999999.1.1", "\xff", strings.Repeat("1.", 2000)))
		default:
			set(one(d, p.Name, "*", `"x"`, "x", "", `W/"x"`, `"`, "\xff"))
		}
	}
	if !slices.Contains([]string{http.MethodGet, http.MethodHead}, o.Method) {
		return
	}
	if one(d, "with languages", false, true) {
		d.request.Header.Set("Accept-Language", one(d, "Accept-Language", "de", "*", "de;q=", ";;;,,,",
			"x-"+strings.Repeat("a", 100), "pt-BR;q=1,de;q=0.000001", "\xff", strings.Repeat("de,", 500)))
	}
}

// plain draws a parameter as text.
func (d *drawer) plain(p parameter) string {
	if own := d.known[p.known]; len(own) > 0 {
		return one(d, p.Name, own...)
	}
	n := d.value(p.Schema.Value, p.known, p.Name)
	text := string(n.bytes())
	if n.kind == 's' && strings.HasPrefix(n.text, `"`) {
		text = unquoted(n.text)
	}
	if p.Name == "search" { // a quote that isn't closed is refused, which the schema says only in words
		text = strings.ReplaceAll(text, `"`, "'")
	}
	return text
}
