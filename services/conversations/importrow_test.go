package conversations

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/visitorcontext"
)

// asked is a visitor's turn.
func asked(text string, at ...time.Time) Turn {
	t := Turn{From: "visitor", Text: text}
	for _, a := range at {
		t.At = &a
	}
	return t
}

// answered is an agent's turn.
func answeredBy(agent, text string, at ...time.Time) Turn {
	t := asked(text, at...)
	t.From, t.Agent = "agent", agent
	return t
}

func TestInvalidRowsNameTheField(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	long16 := strings.Repeat(long, 20)
	before := noon.Add(-time.Hour)
	with := func(change func(*Row)) Rows {
		r := Row{Key: "k", Turns: []Turn{asked("x", before), answeredBy("", "y", noon)}}
		change(&r)
		return Rows{r}
	}
	many := make([]Turn, MaxImportAgents+1)
	for i := range many {
		many[i] = answeredBy(fmt.Sprintf("%d@shop.example", i), "x")
	}
	for field, rows := range map[string]Rows{
		"rows":                 nil,
		"rows.0.key":           with(func(r *Row) { r.Key = " " }),
		"rows.0.turns":         {{Key: "k"}},
		"rows.0.turns.1.from":  with(func(r *Row) { r.Turns[1].From = "robot" }),
		"rows.0.turns.1.text":  with(func(r *Row) { r.Turns[1].Text = "" }),
		"rows.0.turns.1.agent": with(func(r *Row) { r.Turns[1].Agent = long }),
		"rows.0.turns.0.agent": with(func(r *Row) { r.Turns[0].Agent = "una@shop.example" }),
		"rows.0.turns.1.at":    with(func(r *Row) { r.Turns[1].At = new(before.Add(-time.Second)) }),
		"rows.0.turns.0.at":    with(func(r *Row) { r.Turns[0].At = new(time.Unix(-1, 0)) }),
		"rows.0.topics.0":      with(func(r *Row) { r.Topics = []string{""} }),
		"rows.0.visitor.key":   with(func(r *Row) { r.Visitor = &ImportVisitor{Name: "Vera"} }),
		"rows.0.visitor.context": with(func(r *Row) {
			long := []byte(`"` + strings.Repeat("x", 17_000) + `"`)
			r.Visitor = &ImportVisitor{Key: "v", Context: visitorcontext.Context{"text": long}}
		}),
		"rows.0.visitor.name": with(func(r *Row) { r.Visitor = &ImportVisitor{Key: "v", Name: long} }),
		"rows.0.status":       with(func(r *Row) { r.Status = "SPAM" }),
		"rows.0.closedAt":     with(func(r *Row) { r.Status, r.ClosedAt = Open, &noon }),
		"rows.0.assignee":     with(func(r *Row) { r.Assignee = long }),
		"rows.0.summary":      with(func(r *Row) { r.Summary = &long16 }),
		"rows.0.rating.stars": with(func(r *Row) { r.Rating = &ImportRating{} }),
		"rows.0.rating.feedback": with(func(r *Row) {
			r.Rating = &ImportRating{Rating: Rating{Stars: 5, Feedback: &long16}}
		}),
		"rows.0.rating.at": with(func(r *Row) {
			r.Rating = &ImportRating{Rating: Rating{Stars: 5}, At: new(time.Unix(-1, 0))}
		}),
	} {
		if f := fault.From(rows.Validate()); f.Kind != fault.Invalid || f.Fields[0].Field != field {
			t.Errorf("%s: %+v", field, f)
		}
	}
	for name, rows := range map[string]Rows{
		"too many rows":   make(Rows, MaxImportRows+1),
		"too many agents": {{Key: "k", Turns: many}},
	} {
		f := fault.From(rows.Validate())
		if f.Kind != fault.Invalid || !slices.ContainsFunc(f.Fields, func(f fault.Field) bool { return f.Field == "rows" }) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if err := with(func(*Row) {}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestRowsOfTheFutureAreRefused(t *testing.T) {
	t.Parallel()
	late := noon.Add(time.Second)
	for field, r := range map[string]Row{
		"rows.0.turns.1.at": {Turns: []Turn{asked("x", noon), asked("y", late)}},
		"rows.0.rating.at":  {Turns: []Turn{asked("x", noon)}, Rating: &ImportRating{Rating{Stars: 1}, &late}},
		"rows.0.closedAt":   {Turns: []Turn{asked("x", noon)}, ClosedAt: &late},
		"":                  {Turns: []Turn{asked("x", noon)}, Rating: &ImportRating{Rating{Stars: 1}, &noon}},
	} {
		err := Rows{r}.notAfter(noon)
		if (err != nil) != (field != "") || err != nil && fault.From(err).Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestRowWithoutTimesHasThatOfTheImportAndNoResponseTime(t *testing.T) {
	t.Parallel()
	c, ms, err := Row{
		Key:    "k",
		Topics: []string{"a", "a"},
		Turns:  []Turn{asked("Hello there"), answeredBy("una@shop.example", "hello")},
	}.build(9, website, visitorID, nil, noon)
	if err != nil || c.Status != Closed || len(ms) != 2 || *ms[0].VisitorID != visitorID || ms[1].VisitorID != nil ||
		ms[1].UserID != nil || len(c.Tags) != 1 || len(searchterms.Of(0, "Hello there")) != len(c.Terms) {
		t.Fatalf("%+v %+v %v", c, ms, err)
	}
	if !c.CreatedAt.Equal(noon) || !ms[1].CreatedAt.Equal(noon) || !c.ClosedAt.Equal(noon) {
		t.Errorf("%+v %+v", c, ms)
	}
	var sums Sums
	sums.Add(c)
	if want := (Sums{Conversations: 1, Messages: 2}); sums != want {
		t.Errorf("%+v", sums)
	}
}

func TestRowKeepsItsTimesPeopleStateAndRating(t *testing.T) {
	t.Parallel()
	asking, answering, rating := noon.Add(-50*time.Hour), noon.Add(-49*time.Hour), noon.Add(-48*time.Hour)
	closing := noon.Add(-47 * time.Hour)
	una := id.User(7)
	agents := map[string]id.User{"una@shop.example": una}
	row := Row{
		Key: "k", Visitor: &ImportVisitor{Key: "v", Name: "Vera"}, Assignee: "Una@Shop.example", Summary: new("About stock"),
		Rating: &ImportRating{Rating{Stars: 4, Feedback: new("quick")}, &rating}, ClosedAt: &closing,
		Turns: []Turn{
			asked("Is it open?", asking), answeredBy("UNA@shop.example", "It is.", answering),
			answeredBy("ben@shop.example", "Bye", answering),
		},
	}
	c, ms, err := row.build(9, website, visitorID, agents, noon)
	if err != nil {
		t.Fatal(err)
	}
	if !c.CreatedAt.Equal(asking) || !c.ClosedAt.Equal(closing) || !c.UpdatedAt.Equal(noon) ||
		!c.RatedAt.Equal(rating) || !ms[0].CreatedAt.Equal(asking) || !ms[1].CreatedAt.Equal(answering) {
		t.Errorf("times: %+v %+v", c, ms)
	}
	if *c.AssigneeID != una || *c.RatedFor != una || *ms[1].UserID != una || ms[2].UserID != nil {
		t.Errorf("people: %+v %+v", c, ms)
	}
	if *c.Rating != 4 || *c.Feedback != "quick" || *c.Summary != "About stock" || c.Unread != 0 || c.UnreadBy(una) != 0 {
		t.Errorf("state: %+v", c)
	}
	if d, answered := c.FirstResponse(); !answered || d != time.Hour {
		t.Errorf("first response: %v", d)
	}
	if found := VisitorTerms(Visitor{Name: "Vera"}); !slices.Contains(c.Terms, found[0]) {
		t.Errorf("%q isn't found by the name of its visitor", c.Terms)
	}
}

func TestTurnsWithoutATimeHaveThatOfTheTurnAbove(t *testing.T) {
	t.Parallel()
	first, second := noon.Add(-2*time.Hour), noon.Add(-time.Hour)
	row := Row{Turns: []Turn{asked("a"), asked("b", first), asked("c"), asked("d", second), asked("e")}}
	want := []time.Time{first, first, first, second, second}
	if times, timed := row.times(); !timed || !slices.Equal(times, want) {
		t.Errorf("%v, want %v", times, want)
	}
}

func TestOpenRowWaitsSinceTheVisitorAsked(t *testing.T) {
	t.Parallel()
	asking := noon.Add(-time.Hour)
	c, _, err := Row{Key: "k", Status: Open, Turns: []Turn{asked("Is it open?", asking)}}.
		build(9, website, visitorID, nil, noon)
	if err != nil || c.Status != Open || c.ClosedAt != nil || !c.WaitingSince.Equal(asking) {
		t.Errorf("%+v %v", c, err)
	}
}

func TestVisitorKeysDifferFromThoseOfRows(t *testing.T) {
	t.Parallel()
	own, named := Row{Key: "1"}.visitor(), Row{Key: "2", Visitor: &ImportVisitor{Key: "1"}}.visitor()
	if own.Key == named.Key {
		t.Errorf("both are %q", own.Key)
	}
}
