package httpkit

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
)

// bodied is a request with a member of each type that bodies have.
type bodied struct {
	Name   string                 `json:"name"`
	Size   *int64                 `json:"size"`
	On     bool                   `json:"on"`
	Tags   []string               `json:"tags"`
	Names  map[string]string      `json:"names"`
	Email  optional.Value[string] `json:"email"`
	Nested struct {
		Rate float64 `json:"rate"`
	} `json:"nested"`
}

// FuzzDecode: Decode accepts a body or refuses it as Invalid. An accepted body is valid JSON for the standard library
// too, holds no NUL and no partial character, and survives encoding and decoding.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`,
		`{"name":"x","size":1,"on":true,"tags":["a"],"names":{"de":"b"},"email":null,"nested":{"rate":1.5}}`,
		`{"name":"\u0000"}`,
		`{"name":"\ud83d"}`, `{"name":"\ud83d\ude00"}`, `{"name":1,"name":2}`, `{"size":1e400}`,
		`{"size":9223372036854775808}`, `{"bogus":1}`, "{\"name\":\"\xff\"}", `{"name":"x"}{}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, lenient bool) {
		var have bodied
		if err := Decode(body, &have, lenient); err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) || !utf8.ValidString(have.Name) ||
			bytes.ContainsRune([]byte(have.Name), 0) {
			t.Fatalf("%q is accepted: %+v", body, have)
		}
		var again bodied
		if err := Decode(body, &again, lenient); err != nil || !reflect.DeepEqual(have, again) {
			t.Fatalf("%q: %+v, and then %+v, %v", body, have, again, err)
		}
	})
}

// FuzzMediaType: for every Content-Type, the body is read as JSON or refused as UnsupportedMedia.
func FuzzMediaType(f *testing.F) {
	for _, seed := range []string{
		"", "application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json",
		"text/plain", "application/json;;", "/", "a/b; c=\"", "application/json; a=b; a=c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, media string) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte(`{"name":"x"}`)))
		r.Header["Content-Type"] = []string{media}
		var have bodied
		err := readBody(r, &have, &route{}, nil)
		if err != nil && !fault.Is(err, fault.UnsupportedMedia) || err == nil && have.Name != "x" {
			t.Fatalf("%q: %v %+v", media, err, have)
		}
	})
}

// FuzzEntityTags: If-Match and If-None-Match are lists of tags, or refused. Every tag that is read occurs in the
// header.
func FuzzEntityTags(f *testing.F) {
	for _, seed := range []string{
		"", "*", `"1.1.x"`, `W/"1.1.x"`, `"a", "b"`, `"a" "b"`, `"`, `x`, ` ,,"a",, `, `*, "x"`, "\"\x7f\"",
		`"-1.-1.x"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		tags, ok := tagsIn(list, true)
		strong, okToo := tagsIn(list, false)
		if ok != okToo || len(strong) > len(tags) {
			t.Fatalf("%q: %q %t, strong %q %t", list, tags, ok, strong, okToo)
		}
		for _, tag := range tags {
			if !bytes.Contains([]byte(list), []byte(`"`+tag+`"`)) {
				t.Fatalf("%q has no tag %q", list, tag)
			}
		}
		r := httptest.NewRequest(http.MethodPatch, "/", nil)
		r.Header["If-Match"] = []string{list}
		if _, err := requiring(t.Context(), r); err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatalf("%q: %v", list, err)
		}
		r = httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["If-None-Match"] = []string{list}
		if IsKnown(r, `"never issued"`) && list != `"never issued"` &&
			!bytes.Contains([]byte(list), []byte(`"never issued"`)) &&
			string(bytes.TrimSpace([]byte(list))) != "*" {
			t.Fatalf("a tag matches %q, which doesn't contain it", list)
		}
	})
}

// FuzzIdempotencyKey: a key consists of 1 to 255 printable ASCII characters.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"", "k", " ", "k\x7f", "é", "k\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		printable := len(key) > 0 && len(key) < 256
		for _, b := range []byte(key) {
			printable = printable && b >= 0x20 && b < 0x7f
		}
		if validIdempotencyKey(key) != printable {
			t.Fatalf("%q is valid: %t", key, !printable)
		}
	})
}

// FuzzTimeout: a caller's timeout is never applied beyond the default, and never zero or less.
func FuzzTimeout(f *testing.F) {
	for _, seed := range []string{"", "0", "-1", "1", "15000", "99999999999999999999", "x", "1.5", " 5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(TimeoutHeader, text)
		if d := timeoutOf(r); d <= 0 || d > DefaultTimeout {
			t.Fatalf("%q becomes a timeout of %v", text, d)
		}
	})
}

// TestMapsAreEncodedInOrder: equal maps are encoded in the same bytes.
func TestMapsAreEncodedInOrder(t *testing.T) {
	t.Parallel()
	const want = `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8}`
	for range 20 {
		have, err := Encode(map[string]int{"h": 8, "b": 2, "g": 7, "d": 4, "e": 5, "f": 6, "c": 3, "a": 1})
		if err != nil || string(have) != want {
			t.Fatalf("%s %v", have, err)
		}
	}
}
