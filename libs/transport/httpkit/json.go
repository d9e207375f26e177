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
	json.Deterministic(true), // equal values have equal bytes, maps included
	json.WithMarshalers(json.JoinMarshalers(json.MarshalToFunc(writeTime), json.MarshalToFunc(yield))),
)

func writeTime(e *jsontext.Encoder, t time.Time) error {
	return e.WriteToken(jsontext.String(timestamp.Format(t)))
}

// yield lets other requests run before each row that may be long. Without it the scheduler gives a response of 1 MB
// the processor for 10 ms at a time, and a short request waits for every such response ahead of it.
func yield(*jsontext.Encoder, paging.Sized) error {
	runtime.Gosched()
	return errors.ErrUnsupported // use the default encoding of the row
}

// Encode encodes v as every response is encoded: nil slices as [], times in timestamp.Layout.
func Encode(v any) ([]byte, error) { return json.Marshal(v, encodingOptions) }

// Decode decodes a body into a struct. The error is an Invalid fault. It gives the position of malformed JSON, or
// names a member that has the wrong type, holds a NUL, or is unknown (unless lenient).
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
		errors.As(wellFormed(body), &syntax) // malformed JSON anywhere in the body is reported before a wrong member
	}
	if syntax != nil {
		// jsontext repeats the position in its message. The reason follows the package's prefix.
		reason := strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
		f := fault.Coded(
			fault.Invalid,
			"json_malformed",
			fmt.Sprintf("malformed JSON at byte %d: %s", syntax.ByteOffset, reason),
		)
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

// wellFormed returns nil, or the first syntax error of body.
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

// refuseNUL refuses a NUL in a string or name, which stores and browsers handle badly. The escape is rare, so the body
// is tokenised only if it contains the escape's bytes.
func refuseNUL(body []byte) error {
	if !bytes.Contains(body, []byte(`\u0000`)) {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := d.ReadToken()
		if err != nil {
			return nil // the end, or malformed: Decode reports malformed JSON
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

// WriteJSON encodes before it writes the status, so that an encoding error can still become a problem.
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

// write writes a response with a body of a media type.
func write(w http.ResponseWriter, status int, media string, b []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	w.Write(b)
}
