package httpkit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/timestamp"
)

var encodingOptions = json.JoinOptions(
	json.Deterministic(true), // what has not changed is shown in the same bytes, also where it is a map
	json.WithMarshalers(json.JoinMarshalers(json.MarshalToFunc(writeTime), json.MarshalToFunc(yield))),
)

func writeTime(e *jsontext.Encoder, t time.Time) error {
	return e.WriteToken(jsontext.String(timestamp.Format(t)))
}

// yield lets other requests run before each row that may be long. Otherwise the scheduler lets an answer of a megabyte have
// the processor for 10 ms at a time, and a short request behind several of them waits for all of these.
func yield(*jsontext.Encoder, paging.Sized) error {
	runtime.Gosched()
	return errors.ErrUnsupported // the row is written as any other
}

// Encode writes v as every answer is written: nil slices as [], times as timestamp.Layout.
func Encode(v any) ([]byte, error) { return json.Marshal(v, encodingOptions) }

// Decode reads a body into a struct. An error is an Invalid fault that gives the position of malformed JSON, or names
// the member of a wrong type, with a NUL, or (unless lenient) unknown.
func Decode(body []byte, into any, lenient bool) error {
	if err := refuseNUL(body); err != nil {
		return err
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(!lenient))
	if err == nil {
		return nil
	}
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		errors.As(wellFormed(body), &syntax) // the whole body comes first: a wrong member before a break is not the news
	}
	if syntax != nil {
		// jsontext repeats the position in its text; the reason is what stands behind the package's prefix.
		reason := strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
		f := fault.Coded(fault.Invalid, "json_malformed", fmt.Sprintf("malformed JSON at byte %d: %s", syntax.ByteOffset, reason))
		if name := fieldName(syntax.JSONPointer); name != "" {
			f.Fields = []fault.Field{{Field: name, Message: reason}}
		}
		return f
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		name := fieldName(semantic.JSONPointer)
		switch {
		case errors.Is(err, json.ErrUnknownName):
			return fault.Bad(name, "is not a known member")
		case name == "":
			return fault.Bad("body", "must be a JSON object")
		default:
			return fault.Bad(name, wanted(semantic.GoType))
		}
	}
	return fault.Wrap(fault.Invalid, "the body could not be read", err)
}

// wellFormed is nil, or what is malformed in body.
func wellFormed(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		if err := d.SkipValue(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// refuseNUL finds a NUL in a string or name, which no store or page handles well. The escape is rare, so the body is
// only walked where its bytes stand in it.
func refuseNUL(body []byte) error {
	if !bytes.Contains(body, []byte(`\u0000`)) {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := d.ReadToken()
		if err != nil {
			return nil // malformed, or the end: Decode says so better
		}
		if tok.Kind() == '"' && strings.ContainsRune(tok.String(), 0) {
			return fault.Bad(fieldName(d.StackPointer()), "must not contain NUL")
		}
	}
}

// fieldName turns the JSON pointer /rows/3/key into rows.3.key.
func fieldName(p jsontext.Pointer) string {
	var parts []string
	for t := range p.Tokens() {
		parts = append(parts, t)
	}
	return strings.Join(parts, ".")
}

func wanted(t reflect.Type) string {
	if t == nil {
		return "has the wrong type"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "must be a string"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "must be a whole number"
	case reflect.Float64:
		return "must be a number"
	case reflect.Slice, reflect.Array:
		return "must be a list"
	case reflect.Map, reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return "must be a timestamp like " + timestamp.Layout
		}
		return "must be an object"
	default:
		return "has the wrong type"
	}
}

// WriteJSON encodes first and writes the status after, so that an encoding error can still become a problem.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	b, err := Encode(v)
	if err != nil {
		return fmt.Errorf("httpkit: encode: %w", err)
	}
	writeBody(w, status, b)
	return nil
}

func writeBody(w http.ResponseWriter, status int, b []byte) {
	write(w, status, "application/json; charset=utf-8", b)
}

// write answers with a body of a media type.
func write(w http.ResponseWriter, status int, media string, b []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	w.Write(b)
}
