package harness

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Type returns what is wrong with a JSON value at a path, or nothing if it matches.
type Type func(path string, v any) []string

// Check fails the test with every mismatch of v.
func Check(t testing.TB, what string, v any, typ Type) {
	t.Helper()
	if o, ok := v.(Object); ok {
		v = o.M
	}
	for _, wrong := range typ(what, v) {
		t.Error(wrong)
	}
}

func wrong(path, want string, v any) []string {
	b, _ := json.Marshal(v)
	if len(b) > 200 {
		b = append(b[:200], "…"...)
	}
	return []string{fmt.Sprintf("%s has the wrong type: want %s, have %s", path, want, b)}
}

func simple(want string, ok func(any) bool) Type {
	return func(path string, v any) []string {
		if ok(v) {
			return nil
		}
		return wrong(path, want, v)
	}
}

var (
	timeForm   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	numberText = regexp.MustCompile(`^[1-9]\d{0,15}$`)
)

// TimeLayout is the layout of timestamps in responses.
const TimeLayout = "2006-01-02T15:04:05.000Z07:00"

// The types that shapes consist of.
var (
	Text   = simple("a string", func(v any) bool { _, ok := v.(string); return ok })
	Bool   = simple("a boolean", func(v any) bool { _, ok := v.(bool); return ok })
	Number = simple("a number", func(v any) bool { _, ok := v.(json.Number); return ok })
	Count  = simple("a whole number from 0", func(v any) bool { n, ok := whole(v); return ok && n >= 0 })
	ID     = simple("a whole number from 1 and below 2^53", func(v any) bool {
		n, ok := whole(v)
		return ok && n > 0 && n < 1<<53
	})
	TextID = simple("a decimal number as a string", func(v any) bool {
		s, ok := v.(string)
		return ok && numberText.MatchString(s)
	})
	Time    = simple("a UTC timestamp with milliseconds and Z", isTime)
	Null    = simple("null", func(v any) bool { return v == nil })
	Context = simple("a JSON object inside a string", func(v any) bool {
		s, ok := v.(string)
		var m map[string]any
		return ok && json.Unmarshal([]byte(s), &m) == nil && m != nil
	})
)

func whole(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok || strings.ContainsAny(n.String(), ".eE") {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}

func isTime(v any) bool {
	s, ok := v.(string)
	if !ok || !timeForm.MatchString(s) {
		return false
	}
	at, err := time.Parse(time.RFC3339, s)
	return err == nil && at.Year() >= 2000
}

// OneOf matches one of the given strings.
func OneOf(values ...string) Type {
	return simple("one of "+strings.Join(values, ", "), func(v any) bool {
		s, ok := v.(string)
		return ok && slices.Contains(values, s)
	})
}

// Prefixed matches a string that is longer than its prefix.
func Prefixed(prefix string) Type {
	return simple("a string that begins with "+prefix, func(v any) bool {
		s, ok := v.(string)
		return ok && strings.HasPrefix(s, prefix) && len(s) > len(prefix)
	})
}

// Exactly matches one value.
func Exactly(want any) Type {
	return simple(fmt.Sprintf("%#v", want), func(v any) bool {
		if n, ok := v.(json.Number); ok {
			return n.String() == fmt.Sprint(want)
		}
		return v == want
	})
}

// OrNull matches a type or null.
func OrNull(typ Type) Type {
	return func(path string, v any) []string {
		if v == nil {
			return nil
		}
		return typ(path, v)
	}
}

// ListOf matches a list, never null, whose elements all match a type.
func ListOf(typ Type) Type {
	return func(path string, v any) []string {
		l, ok := v.([]any)
		if !ok {
			return wrong(path, "a list", v)
		}
		var all []string
		for i, e := range l {
			all = append(all, typ(fmt.Sprintf("%s[%d]", path, i), e)...)
		}
		return all
	}
}

// Shape matches an object that has exactly these members. One whose name ends in ? may be absent.
type Shape map[string]Type

// Type returns the shape as a Type.
func (s Shape) Type() Type {
	return func(path string, v any) []string {
		m, ok := v.(map[string]any)
		if !ok {
			return wrong(path, "an object", v)
		}
		var all []string
		for _, name := range slices.Sorted(maps.Keys(s)) {
			bare, optional := strings.CutSuffix(name, "?")
			member, present := m[bare]
			switch {
			case present:
				all = append(all, s[name](path+"."+bare, member)...)
			case !optional:
				all = append(all, path+"."+name+" is missing")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if s[name] == nil && s[name+"?"] == nil {
				all = append(all, path+"."+name+" is undeclared")
			}
		}
		return all
	}
}
