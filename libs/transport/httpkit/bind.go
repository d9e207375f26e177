package httpkit

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
)

// bound is one field of a request that comes from the path or the query.
type bound struct {
	index []int
	name  string
	query bool
	text  bool // the type implements encoding.TextUnmarshaler
	list  bool // the type is List
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// planBinding reads Req's tags once, and adds the query's parameters to rt. A field with a tag `path:"x"` or
// `query:"x"` must also have `json:"-"`, or a body could set it. All other fields come from the body.
func planBinding[Req any](pattern string, rt *route) func(*http.Request) (Req, error) {
	typ := reflect.TypeFor[Req]()
	var fields []bound
	known := map[string]bool{} // the body's members
	rt.content = contentOf(typ)
	for _, f := range reflect.VisibleFields(typ) {
		path, inPath := f.Tag.Lookup("path")
		query, inQuery := f.Tag.Lookup("query")
		switch {
		case !inPath && !inQuery:
			if name := memberOf(f); f.IsExported() && !f.Anonymous && name != "-" {
				known[name] = true
			}
			continue
		case f.Tag.Get("json") != "-":
			panic(fmt.Sprintf("httpkit: %s.%s is bound, so it needs the tag json:\"-\"", typ, f.Name))
		case inPath && !strings.Contains(pattern, "{"+path+"}"):
			panic(fmt.Sprintf("httpkit: %s has no {%s}", pattern, path))
		}
		b := bound{
			index: f.Index,
			name:  path + query,
			query: inQuery,
			text:  reflect.PointerTo(f.Type).Implements(textUnmarshaler),
			list:  f.Type == reflect.TypeFor[List](),
		}
		if !b.text && f.Type.Kind() != reflect.String && f.Type.Kind() != reflect.Int64 &&
			f.Type.Kind() != reflect.Bool {
			panic(fmt.Sprintf("httpkit: %s.%s has a type that can't be bound", typ, f.Name))
		}
		fields = append(fields, b)
		if inQuery {
			rt.query = append(rt.query, query)
		}
	}
	return func(r *http.Request) (Req, error) {
		var req Req
		if len(known) > 0 {
			if err := readBody(r, &req, rt, known); err != nil {
				return req, err
			}
		}
		v := reflect.ValueOf(&req).Elem()
		if rt.content != nil {
			v.FieldByIndex(rt.content).Set(reflect.ValueOf(Content{r.Body}))
		}
		query, err := rt.parameters(r.URL)
		if err != nil {
			return req, err
		}
		for _, b := range fields {
			values := []string{r.PathValue(b.name)}
			if b.query {
				if values, err = b.given(query); err != nil {
					return req, err
				}
			}
			for _, raw := range values {
				if err := b.set(v.FieldByIndex(b.index), raw); err != nil {
					return req, err
				}
			}
		}
		if val, ok := any(req).(interface{ Validate() error }); ok {
			return req, val.Validate()
		}
		return req, nil
	}
}

// given returns the values of the parameter, without empty ones: one at most, unless it is a List.
func (b bound) given(query url.Values) ([]string, error) {
	values := slices.DeleteFunc(slices.Clone(query[b.name]), func(value string) bool { return value == "" })
	if !b.list {
		if values = slices.Compact(values); len(values) > 1 {
			return nil, fault.Bad(b.name, "must have one value")
		}
	}
	return values, nil
}

func (b bound) set(v reflect.Value, raw string) error {
	if b.query && (strings.ContainsRune(raw, 0) || !utf8.ValidString(raw)) {
		return fault.Bad(b.name, "must be UTF-8 text without NUL")
	}
	if b.text {
		if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(raw)); err != nil {
			return fault.Bad(b.name, err.Error())
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(raw)
	case reflect.Int64:
		n, err := strconv.ParseInt(raw, 10, 64)
		if err != nil || n <= 0 || n >= 1<<53 || strconv.FormatInt(n, 10) != raw { // each number has one spelling
			return fault.Bad(b.name, "must be a positive whole number")
		}
		v.SetInt(n)
	case reflect.Bool:
		t, err := strconv.ParseBool(raw)
		if err != nil {
			return fault.Bad(b.name, "must be true or false")
		}
		v.SetBool(t)
	}
	return nil
}

func readBody(r *http.Request, into any, rt *route, known map[string]bool) error {
	body, err := readAll(r.Body)
	if err != nil || len(body) == 0 {
		return err // Validate reports missing members
	}
	if rt.form {
		if body, err = formAsJSON(r, body); err != nil {
			return err
		}
	} else if t := r.Header.Get("Content-Type"); t != "" {
		if media, _, err := mime.ParseMediaType(t); err != nil ||
			(media != "application/json" && !strings.HasSuffix(media, "+json")) {
			return fault.New(fault.UnsupportedMedia, "the body must be application/json")
		}
	}
	if err := Decode(body, into, rt.lenient); err != nil {
		return err
	}
	noteMembers(r, body, known)
	return refuseControls(body, into, rt.lenient)
}

// readAll reads a request's body. The error is TooLarge if the body exceeds its limit.
func readAll(body io.Reader) ([]byte, error) {
	b, err := io.ReadAll(body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, TooLarge(tooLarge.Limit)
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, "the body could not be read", err)
	}
	return b, nil
}

// TooLarge returns the error of a body that exceeds its limit, in bytes.
func TooLarge(limit int64) error {
	return fault.New(fault.TooLarge, fmt.Sprintf("the body is larger than %d bytes", limit))
}
