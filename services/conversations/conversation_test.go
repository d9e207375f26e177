package conversations

import (
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
)

var (
	website, _ = tenant.New(1)
	noon       = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	visitorID  = id.Visitor(7)
)

func said(from Sender, at time.Time) Message {
	return Draft{Content: "hello"}.message(from, nil, at)
}

func TestAddMessageNumbersMessagesInOrder(t *testing.T) {
	t.Parallel()
	c := newConversation(5, website, visitorID, noon)
	var last id.Message
	for i := range 3 {
		m := said(FromVisitor, noon.Add(time.Duration(i)*time.Second))
		if _, err := c.addMessage(&m); err != nil {
			t.Fatal(err)
		}
		if m.ID <= last || m.ID>>sequenceBits != 5 || m.ConversationID != 5 || m.WebsiteID != website {
			t.Fatalf("message %d got %+v", i, m)
		}
		last = m.ID
	}
	if c.Messages != 3 || !c.UpdatedAt.Equal(noon.Add(2*time.Second)) {
		t.Fatalf("%+v", c)
	}
	if messageID(1<<39-1, MaxMessages) >= 1<<53 || MaxMessages >= 1<<sequenceBits {
		t.Fatal("numbers must be exact in JSON and distinct from those of the next conversation")
	}
	c.Messages = MaxMessages
	m := said(FromVisitor, noon)
	if _, err := c.addMessage(&m); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a full conversation accepted a message: %v", err)
	}
}

func TestAddMessageRefusesBytesAboveTheLimit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stored int64
		full   bool
	}{
		"stored before bytes were counted": {0, false},
		"the last message that fits":       {MaxBytes - 5, false},
		"one byte too many":                {MaxBytes - 4, true},
	} {
		conv := newConversation(5, website, visitorID, noon)
		conv.Bytes = c.stored
		m := said(FromVisitor, noon)
		_, err := conv.addMessage(&m)
		if fault.Is(err, fault.Conflict) != c.full || !c.full && conv.Bytes != c.stored+5 || c.full && conv.Messages != 0 {
			t.Errorf("%s: %v, %d bytes, %d messages", name, err, conv.Bytes, conv.Messages)
		}
	}
}

func TestFirstResponseIsReportedOnce(t *testing.T) {
	t.Parallel()
	type say struct {
		from Sender
		at   int // seconds
	}
	for name, c := range map[string]struct {
		said []say
		want []float64 // the seconds reported
	}{
		"visitor then agent": {[]say{{FromVisitor, 0}, {FromAgent, 45}}, []float64{45}},
		"counted once": {
			[]say{{FromVisitor, 0}, {FromAgent, 10}, {FromVisitor, 20}, {FromAgent, 99}},
			[]float64{10},
		},
		"from the first visitor message": {[]say{{FromVisitor, 0}, {FromVisitor, 30}, {FromAgent, 40}}, []float64{40}},
		"agent spoke first":              {[]say{{FromAgent, 0}, {FromVisitor, 5}, {FromAgent, 9}}, nil},
		"system message":                 {[]say{{FromVisitor, 0}, {FromSystem, 5}}, nil},
		"unanswered":                     {[]say{{FromVisitor, 0}}, nil},
		"same time":                      {[]say{{FromVisitor, 0}, {FromAgent, 0}}, []float64{0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conv := newConversation(1, website, visitorID, noon)
			var got []float64
			for _, s := range c.said {
				m := said(s.from, noon.Add(time.Duration(s.at)*time.Second))
				answered, err := conv.addMessage(&m)
				if err != nil {
					t.Fatal(err)
				}
				if answered != nil {
					got = append(got, *answered)
				}
			}
			if len(got) != len(c.want) || len(got) == 1 && got[0] != c.want[0] {
				t.Fatalf("reported %v, want %v", got, c.want)
			}
		})
	}
}

func TestMessageReopensConversationAndEndsTyping(t *testing.T) {
	t.Parallel()
	c := newConversation(1, website, visitorID, noon)
	c.setStatus(Closed, noon)
	if c.ClosedAt == nil {
		t.Fatal("a closed conversation has no closing time")
	}
	c.VisitorTypingTo, c.AgentTypingTo = noon.Add(typingPeriod), noon.Add(typingPeriod)
	m := said(FromVisitor, noon.Add(time.Second))
	if _, err := c.addMessage(&m); err != nil {
		t.Fatal(err)
	}
	if c.Status != Open || c.ClosedAt != nil || c.VisitorTyping(noon) || !c.AgentTyping(noon) ||
		c.AgentTyping(noon.Add(typingPeriod)) {
		t.Fatalf("%+v", c)
	}
}

func TestPatchChecksFieldsAndKeepsAbsentOnes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxSummary+1)
	for name, p := range map[string]Patch{
		"status":    {Status: optional.Of(Status("DONE"))},
		"tags":      {Tags: optional.Of([]string{"ok", " "})},
		"tags ":     {Tags: optional.Of(make([]string, MaxTags+1))},
		"summary":   {Summary: optional.Of(long)},
		"status \n": {Status: optional.Value[Status]{Set: true, Null: true}},
	} {
		f := fault.From(p.Validate())
		if f.Kind != fault.Invalid || f.Fields[0].Field != strings.TrimSpace(name) {
			t.Errorf("%q: %+v", name, f)
		}
	}
	agent := id.User(3)
	c := newConversation(1, website, visitorID, noon)
	c.AssigneeID = &agent
	Patch{}.apply(&c, noon.Add(time.Second))
	if c.AssigneeID == nil || c.Status != Open {
		t.Fatal("an absent field must leave the value unchanged")
	}
	Patch{
		AssigneeID: optional.Value[id.User]{Set: true, Null: true},
		Status:     optional.Of(Closed),
		Tags:       optional.Of([]string{"a", "b", "a"}),
	}.apply(&c, noon)
	if c.AssigneeID != nil || c.Status != Closed || len(c.Tags) != 2 {
		t.Fatalf("%+v", c)
	}
}

func TestInvalidInputNamesItsField(t *testing.T) {
	t.Parallel()
	feedback := strings.Repeat("x", maxFeedback+1)
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"blank":     {Draft{Content: " \n"}.Validate(), "content"},
		"long":      {Draft{Content: strings.Repeat("x", MaxContent+1)}.Validate(), "content"},
		"client id": {Draft{Content: "x", ClientID: strings.Repeat("x", maxClientID+1)}.Validate(), "clientMessageId"},
		"no stars":  {Rating{}.Validate(), "rating"},
		"six stars": {Rating{Stars: 6}.Validate(), "rating"},
		"feedback":  {Rating{Stars: 5, Feedback: &feedback}.Validate(), "feedback"},
	} {
		f := fault.From(c.err)
		if c.err == nil || f.Kind != fault.Invalid || f.Fields[0].Field != c.field {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if err := (Draft{Content: strings.Repeat("x", MaxContent)}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestTagsAreDisplayedInTheLanguageOrItsBase(t *testing.T) {
	t.Parallel()
	tag, err := NewTag(website, "billing", map[string]string{"de": "Abrechnung", "pt-BR": "Cobrança"})
	if err != nil {
		t.Fatal(err)
	}
	catalogue := Catalogue{"billing": tag}
	for lang, want := range map[string]string{
		"de": "Abrechnung", "de-AT": "Abrechnung", "pt-BR": "Cobrança",
		"pt": "billing", "fr": "billing", "": "billing",
	} {
		if got := catalogue.Display([]string{"billing", "loose"}, lang); got[0] != want || got[1] != "loose" {
			t.Errorf("%s: %v, want %s", lang, got, want)
		}
	}
	for _, bad := range []map[string]string{{"d": "x"}, {"de$": "x"}, {"de": ""}, {"a.b": "x"}} {
		if _, err := NewTag(website, "x", bad); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}
