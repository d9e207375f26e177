package httpkit

import (
	"bytes"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/searchterms"
)

// refuseControls refuses a request's body if one of its strings or names holds a control character
// (searchterms.HasControl). A member that a lenient operation ignores may hold any. Responses of other services aren't
// checked: rows that were stored before this rule stay readable.
func refuseControls(body []byte, into any, lenient bool) error {
	if !mayHoldControls(body) {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := d.ReadToken()
		if err != nil {
			return nil // the end, or malformed: Decode reports malformed JSON with its position
		}
		if tok.Kind() != '"' || !searchterms.HasControl(tok.String()) {
			continue
		}
		at := d.StackPointer()
		if !lenient || isMember(reflect.TypeOf(into).Elem(), at) {
			return fault.Bad(fieldName(at), "must not contain control characters other than tab and line breaks")
		}
	}
}

// mayHoldControls reports whether a JSON text has an escape of a control character (\b, \f, \u00..), or one unescaped:
// delete, or the two bytes of a C1 character. Most bodies have none, so they aren't tokenised twice.
func mayHoldControls(body []byte) bool {
	for i := 0; i < len(body); i++ {
		rest := body[i:]
		switch {
		case rest[0] == 0x7f:
			return true
		case rest[0] == 0xc2 && len(rest) > 1 && rest[1] <= 0x9f:
			return true
		case rest[0] == '\\' && len(rest) > 1:
			if rest[1] == 'b' || rest[1] == 'f' || bytes.HasPrefix(rest, []byte(`\u00`)) {
				return true
			}
			i++ // an escaped backslash doesn't begin another escape
		}
	}
	return false
}

// isMember reports whether a JSON pointer leads into a member that the struct type has.
func isMember(typ reflect.Type, at jsontext.Pointer) bool {
	top, _, _ := strings.Cut(fieldName(at), ".")
	for _, f := range reflect.VisibleFields(typ) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == top && name != "-" {
			return true
		}
	}
	return false
}
