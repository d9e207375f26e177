package optional_test

import (
	"testing"

	"github.com/go-json-experiment/json"

	"fivechat.dev/libs/kernel/optional"
)

type patch struct {
	Name optional.Value[string]   `json:"name,omitzero"`
	Tags optional.Value[[]string] `json:"tags,omitzero"`
}

func TestAbsentNullAndValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		set, null bool
		value     string
	}{
		`{}`:             {},
		`{"name":null}`:  {set: true, null: true},
		`{"name":""}`:    {set: true},
		`{"name":"Ada"}`: {set: true, value: "Ada"},
	} {
		var p patch
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if p.Name.Set != want.set || p.Name.Null != want.null || p.Name.V != want.value ||
			(p.Name.Ptr() != nil) != (want.set && !want.null) ||
			p.Tags.Set {
			t.Errorf("%s: %+v", text, p)
		}
		if back, err := json.Marshal(p); err != nil || string(back) != text {
			t.Errorf("%s came back as %s, %v", text, back, err)
		}
	}
	var p patch
	if err := json.Unmarshal([]byte(`{"name":7}`), &p); err == nil {
		t.Error("a number became a string")
	}
	if got := optional.Of("x").Ptr(); got == nil || *got != "x" {
		t.Errorf("%v", got)
	}
}
