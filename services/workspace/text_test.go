package workspace

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
)

func TestTextsAreRendered(t *testing.T) {
	t.Parallel()
	values := map[string]string{"visitor.name": "Vera {{agent.name}}", "website.name": "Harbour"}
	for text, want := range map[string]string{
		"":                                   "",
		"Hello":                              "Hello",
		"{{visitor.name}}!":                  "Vera {{agent.name}}!",
		"Hi {{visitor.name|there}}":          "Hi Vera {{agent.name}}",
		"{{ agent.name | me }}":              "me",
		"[{{ticket.number}}]":                "[]",
		"{{website.name}} {{website.name}}":  "Harbour Harbour",
		"} }} { {{visitor.name}} and }} end": "} }} { Vera {{agent.name}} and }} end",
	} {
		if err := problem(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if got := Render(text, values); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"{{visitor.email}}": `"visitor.email" at character 1;`, "Ü {{}}": `"" at character 3;`,
		"{{visitor.name": "without }} at character 1", "{{visitor.name}} {{x|y}}": `"x" at character 18;`,
	} {
		if err := problem(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v doesn't have %s", text, err, want)
		}
	}
}

// problem returns what is wrong with a text.
func problem(text string) error {
	var wrong fault.Problems
	checkText(&wrong, "text", text)
	return wrong.Err()
}

func TestRepliesHaveBounds(t *testing.T) {
	t.Parallel()
	good := Reply{Shortcut: "hello-1", Title: "Greeting", Text: "Hello!", Language: "pt-BR"}
	refuses(t, good, map[string]func(*Reply){
		"no shortcut":    func(d *Reply) { d.Shortcut = "" },
		"shortcut":       func(d *Reply) { d.Shortcut = "Hello" },
		"long shortcut":  func(d *Reply) { d.Shortcut = strings.Repeat("x", maxShortcut+1) },
		"inner shortcut": func(d *Reply) { d.Shortcut = "a b" },
		"blank title":    func(d *Reply) { d.Title = " " },
		"long title":     func(d *Reply) { d.Title = strings.Repeat("x", maxTitle+1) },
		"blank text":     func(d *Reply) { d.Text = "\n" },
		"long text":      func(d *Reply) { d.Text = strings.Repeat("x", maxText+1) },
		"long folder":    func(d *Reply) { d.Folder = strings.Repeat("x", maxFolder+1) },
		"language":       func(d *Reply) { d.Language = "d" },
		"inner language": func(d *Reply) { d.Language = "d/e" },
	})
	for _, v := range []Values{{"visitor.email": "x"}, {"visitor.name": strings.Repeat("x", maxValue+1)}} {
		if v.Validate() == nil {
			t.Errorf("%.40v is valid", v)
		}
	}
}

// refuses checks that an item is valid, and that each change makes it invalid.
func refuses[T any, P Kept[T]](t *testing.T, good T, changes map[string]func(*T)) {
	t.Helper()
	if err := checked[T, P](&good); err != nil {
		t.Fatal(err)
	}
	for name, change := range changes {
		d := good
		if change(&d); checked[T, P](&d) == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

func TestViewsHaveBounds(t *testing.T) {
	t.Parallel()
	yes, me, none := true, "me", "none"
	good := View{Name: "Urgent", Sort: "waiting", Position: maxPosition, Filter: ViewFilter{
		Search: "refund status:open team:3 -spam", Status: []string{"OPEN", "CLOSED"},
		AssigneeID: []string{"me", "none", "7"}, TeamID: []string{"none", "3"},
		Tag: []string{"urgent"}, Rating: []int64{1, 5}, Mentioned: &me, Waiting: &yes,
	}}
	refuses(t, good, map[string]func(*View){
		"blank name":        func(v *View) { v.Name = " " },
		"long name":         func(v *View) { v.Name = strings.Repeat("x", maxTitle+1) },
		"sort":              func(v *View) { v.Sort = "rating" },
		"negative position": func(v *View) { v.Position = -1 },
		"position":          func(v *View) { v.Position = maxPosition + 1 },
		"search":            func(v *View) { v.Filter.Search = `"open` },
		"field of a search": func(v *View) { v.Filter.Search = "status:" },
		"status":            func(v *View) { v.Filter.Status = []string{"open"} },
		"assignee":          func(v *View) { v.Filter.AssigneeID = []string{"ada"} },
		"team":              func(v *View) { v.Filter.TeamID = []string{"support"} },
		"teams":             func(v *View) { v.Filter.TeamID = slices.Repeat([]string{"3"}, maxListed+1) },
		"blank tag":         func(v *View) { v.Filter.Tag = []string{" "} },
		"long tag":          func(v *View) { v.Filter.Tag = []string{strings.Repeat("x", maxTag+1)} },
		"tags":              func(v *View) { v.Filter.Tag = slices.Repeat([]string{"x"}, maxListed+1) },
		"rating":            func(v *View) { v.Filter.Rating = []int64{maxStars + 1} },
		"ratings":           func(v *View) { v.Filter.Rating = slices.Repeat([]int64{1}, maxListed+1) },
		"mentioned":         func(v *View) { v.Filter.Mentioned = &none },
	})
}

func TestMacrosHaveBounds(t *testing.T) {
	t.Parallel()
	of := func(text string) *string { return &text }
	minutes := func(n int64) *int64 { return &n }
	good := Macro{Name: "Refund", Actions: Actions{
		Reply: of("Dear {{visitor.name|customer}}"), Status: of("OPEN"), AssigneeID: of("me"), AddTags: []string{"refund"},
		TeamID: of("3"), RemoveTags: []string{"new"}, SnoozeMinutes: minutes(maxSnooze),
	}}
	refuses(t, good, map[string]func(*Macro){
		"blank name":          func(m *Macro) { m.Name = "" },
		"blank reply":         func(m *Macro) { m.Actions.Reply = of(" ") },
		"long reply":          func(m *Macro) { m.Actions.Reply = of(strings.Repeat("x", maxText+1)) },
		"variable":            func(m *Macro) { m.Actions.Reply = of("{{x}}") },
		"status":              func(m *Macro) { m.Actions.Status = of("") },
		"assignee":            func(m *Macro) { m.Actions.AssigneeID = of("0") },
		"team":                func(m *Macro) { m.Actions.TeamID = of("me") },
		"tag":                 func(m *Macro) { m.Actions.AddTags = []string{""} },
		"tags":                func(m *Macro) { m.Actions.RemoveTags = slices.Repeat([]string{"x"}, maxListed+1) },
		"no snooze":           func(m *Macro) { m.Actions.SnoozeMinutes = minutes(0) },
		"long snooze":         func(m *Macro) { m.Actions.SnoozeMinutes = minutes(maxSnooze + 1) },
		"snoozed when closed": func(m *Macro) { m.Actions.Status = of("CLOSED") },
	})
}
