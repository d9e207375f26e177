package visitors_test

import (
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/services/visitors"
)

func fieldsOf(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return ""
	}
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Field)
	}
	return strings.Join(names, ",")
}

func TestValidTokenAcceptsOnlyTheForm(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]bool{
		"vis_abc": true, "vis_A-_9": true, "vis_" + strings.Repeat("a", 128): true,
		"": false, "vis_": false, "vis": false, "conv_abc": false, "VIS_abc": false, "vis_a b": false, "vis_a/b": false,
		"vis_abc\n": false, "vis_ä": false, "vis_" + strings.Repeat("a", 129): false,
	} {
		if got := visitors.ValidToken(token); got != want || (visitors.CheckToken(token) == nil) != want {
			t.Errorf("%q: %t", token, got)
		}
	}
}

func TestFriendlyNamesVary(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[A-Z][a-z]+ [A-Z][a-z]+$`)
	names, first, second := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for visitor := id.Visitor(1); visitor <= 20_000; visitor++ {
		name := visitors.FriendlyName(visitor)
		if !form.MatchString(name) || name != visitors.FriendlyName(visitor) {
			t.Fatalf("%d: %q", visitor, name)
		}
		adjective, animal, _ := strings.Cut(name, " ")
		names[name], first[adjective], second[animal] = true, true, true
	}
	if len(first) < 40 || len(second) < 40 || len(names) < 1600 {
		t.Errorf("%d adjectives, %d animals, %d names", len(first), len(second), len(names))
	}
	if a, b := visitors.FriendlyName(1), visitors.FriendlyName(2); a == b {
		t.Errorf("adjacent ids are both named %s", a)
	}
}

func TestPatchAppliesFieldsOrNamesWrongOnes(t *testing.T) {
	t.Parallel()
	before := visitors.Visitor{Name: "Calm Otter", Context: `{"a":1}`}
	for name, c := range map[string]struct {
		patch visitors.Patch
		wrong string
		after visitors.Visitor
	}{
		"nothing":   {visitors.Patch{}, "", before},
		"null name": {visitors.Patch{Name: optional.Value[string]{Set: true, Null: true}}, "", before},
		"both": {
			visitors.Patch{Name: optional.Of(" Ann "), Context: visitorcontext.Context{"b": []byte("2")}},
			"",
			visitors.Visitor{Name: "Ann", Context: `{"a":1,"b":2}`},
		},
		"blank name": {visitors.Patch{Name: optional.Of("  ")}, "name", visitors.Visitor{}},
		"long name":  {visitors.Patch{Name: optional.Of(strings.Repeat("ä", 101))}, "name", visitors.Visitor{}},
		"both wrong": {visitors.Patch{
			Name:    optional.Of(""),
			Context: visitorcontext.Context{"x": []byte(`"` + strings.Repeat("x", 17000) + `"`)},
		}, "name,context", visitors.Visitor{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, err := c.patch.Apply(before)
			if got := fieldsOf(err); got != c.wrong {
				t.Fatalf("wrong = %q (%v), want %q", got, err, c.wrong)
			}
			if err == nil && !reflect.DeepEqual(after, c.after) {
				t.Errorf("%+v, want %+v", after, c.after)
			}
		})
	}
}

func TestVisitorIsOnlineForOneMinute(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for ago, want := range map[time.Duration]bool{
		0: true, 60 * time.Second: true,
		60*time.Second + time.Millisecond: false,
	} {
		if got := (visitors.Visitor{LastSeenAt: now.Add(-ago)}).Online(now); got != want {
			t.Errorf("seen %s ago: online %t", ago, got)
		}
	}
	if (visitors.Visitor{}).Online(now) {
		t.Error("never seen, but online")
	}
}
