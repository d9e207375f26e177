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

// bodied is a request with a member of every sort that bodies have.
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

// FuzzDecode: a body is taken or refused as Invalid. What is taken is JSON by the standard library too, without a NUL and
// with whole characters, and is decoded as itself again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `{"name":"x","size":1,"on":true,"tags":["a"],"names":{"de":"b"},"email":null,"nested":{"rate":1.5}}`, `{"name":"\u0000"}`,
		`{"name":"\ud83d"}`, `{"name":"\ud83d\ude00"}`, `{"name":1,"name":2}`, `{"size":1e400}`, `{"size":9223372036854775808}`, `{"bogus":1}`, "{\"name\":\"\xff\"}", `{"name":"x"}{}`,
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
		if !json.Valid(body) || !utf8.Valid(body) || !utf8.ValidString(have.Name) || bytes.ContainsRune([]byte(have.Name), 0) {
			t.Fatalf("%q was taken: %+v", body, have)
		}
		var again bodied
		if err := Decode(body, &again, lenient); err != nil || !reflect.DeepEqual(have, again) {
			t.Fatalf("%q: %+v, and then %+v, %v", body, have, again, err)
		}
	})
}

// FuzzMediaType: whatever the Content-Type is, the body is taken as JSON or refused as of another type.
func FuzzMediaType(f *testing.F) {
	for _, seed := range []string{"", "application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json", "text/plain", "application/json;;", "/", "a/b; c=\"", "application/json; a=b; a=c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, media string) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte(`{"name":"x"}`)))
		r.Header["Content-Type"] = []string{media}
		var have bodied
		err := readBody(r, &have, false, nil)
		if err != nil && !fault.Is(err, fault.UnsupportedMedia) || err == nil && have.Name != "x" {
			t.Fatalf("%q: %v %+v", media, err, have)
		}
	})
}

// FuzzEntityTags: If-Match and If-None-Match are lists of tags or refused; what is read as a tag is one that stands there.
func FuzzEntityTags(f *testing.F) {
	for _, seed := range []string{"", "*", `"1.1.x"`, `W/"1.1.x"`, `"a", "b"`, `"a" "b"`, `"`, `x`, ` ,,"a",, `, `*, "x"`, "\"\x7f\"", `"-1.-1.x"`} {
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
		if Known(r, `"never given"`) && list != `"never given"` && !bytes.Contains([]byte(list), []byte(`"never given"`)) && string(bytes.TrimSpace([]byte(list))) != "*" {
			t.Fatalf("%q is taken for a tag that is not in it", list)
		}
	})
}

// FuzzIdempotencyKey: a key is 1 to 255 printable ASCII characters, and nothing else is one.
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
			t.Fatalf("%q is a key: %t", key, !printable)
		}
	})
}

// FuzzTimeout: what a caller says of its deadline never gives a request more than the default, and never nothing.
func FuzzTimeout(f *testing.F) {
	for _, seed := range []string{"", "0", "-1", "1", "15000", "99999999999999999999", "x", "1.5", " 5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(TimeoutHeader, text)
		if d := timeoutOf(r); d <= 0 || d > DefaultTimeout {
			t.Fatalf("%q is a timeout of %v", text, d)
		}
	})
}

// TestMapsHaveAnOrder: what has not changed is encoded in the same bytes.
func TestMapsHaveAnOrder(t *testing.T) {
	t.Parallel()
	const want = `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8}`
	for range 20 {
		have, err := Encode(map[string]int{"h": 8, "b": 2, "g": 7, "d": 4, "e": 5, "f": 6, "c": 3, "a": 1})
		if err != nil || string(have) != want {
			t.Fatalf("%s %v", have, err)
		}
	}
}
