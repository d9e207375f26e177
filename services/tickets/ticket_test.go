package tickets_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/services/tickets"
)

func TestNewTicket(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.create(t, tickets.Draft{Title: "Lamp", Description: "It is dark"})
	if made.Status != tickets.StatusNew || made.Priority != tickets.PriorityMedium || made.LanguageCode != "en" {
		t.Errorf("got %s %s %s, want NEW MEDIUM en", made.Status, made.Priority, made.LanguageCode)
	}
	if made.VisitorID != nil || made.AssigneeID != nil || made.ConversationID != nil || made.Email != nil ||
		made.Visitor != nil || made.Assignee != nil {
		t.Errorf("a bare ticket refers to something: %+v", made)
	}
	address := regexp.MustCompile(`^ticket-1-[a-z0-9]{16}@mail\.example$`)
	if !address.MatchString(made.UniqueEmailAddress) {
		t.Errorf("address %q", made.UniqueEmailAddress)
	}
	if made.Website == nil || made.Website.Name != "Shop" {
		t.Errorf("website %+v", made.Website)
	}
	if other := d.create(t, tickets.Draft{}); other.UniqueEmailAddress == made.UniqueEmailAddress {
		t.Error("two tickets have one address")
	}
}

func TestDraftIsChecked(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	number := func(n id.User) *id.User { return &n }
	for name, tc := range map[string]struct {
		draft tickets.Draft
		wrong []string
	}{
		"all members": {tickets.Draft{
			Title:             "a",
			Description:       "b",
			Email:             text("a@b.example"),
			Priority:          text("URGENT"),
			LanguageCode:      text("pt-BR"),
			VisitorToken:      text("vis_7"),
			ConversationToken: text("conv_7"),
			AssigneeID:        number(5),
		}, nil},
		"no title":            {tickets.Draft{}, []string{"title"}},
		"blank title":         {tickets.Draft{Title: " \t\u00a0"}, []string{"title"}},
		"longest title":       {tickets.Draft{Title: strings.Repeat("é", 255)}, nil},
		"longer title":        {tickets.Draft{Title: strings.Repeat("é", 256)}, []string{"title"}},
		"longest description": {tickets.Draft{Title: "a", Description: strings.Repeat("a", 64<<10)}, nil},
		"longer description": {
			tickets.Draft{Title: "a", Description: strings.Repeat("a", 64<<10+1)}, []string{"description"},
		},
		"no address":    {tickets.Draft{Title: "a", Email: text("nobody")}, []string{"email"}},
		"named address": {tickets.Draft{Title: "a", Email: text("A <a@b.example>")}, []string{"email"}},
		"address and header": {
			tickets.Draft{Title: "a", Email: text("a@b.example\r\nBcc: c@d.example")}, []string{"email"},
		},
		"unknown priority":  {tickets.Draft{Title: "a", Priority: text("high")}, []string{"priority"}},
		"no language":       {tickets.Draft{Title: "a", LanguageCode: text("<b>")}, []string{"languageCode"}},
		"unknown visitor":   {tickets.Draft{Title: "a", VisitorToken: text("vis_9")}, []string{"visitorToken"}},
		"malformed visitor": {tickets.Draft{Title: "a", VisitorToken: text("../vis_7")}, []string{"visitorToken"}},
		"unknown conversation": {
			tickets.Draft{Title: "a", ConversationToken: text("conv_9")}, []string{"conversationToken"},
		},
		"empty conversation": {tickets.Draft{Title: "a", ConversationToken: text("")}, []string{"conversationToken"}},
		"unknown assignee":   {tickets.Draft{Title: "a", AssigneeID: number(6)}, []string{"assigneeId"}},
		"negative assignee":  {tickets.Draft{Title: "a", AssigneeID: number(-5)}, []string{"assigneeId"}},
		"several": {
			tickets.Draft{Email: text(""), Priority: text("")}, []string{"title", "email", "priority"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			_, err := d.Create(t.Context(), d.site, tc.draft)
			if got := fields(t, err); !slices.Equal(got, tc.wrong) {
				t.Errorf("wrong members %v, want %v", got, tc.wrong)
			}
			if stored := len(d.store.tickets); (stored == 1) != (tc.wrong == nil) {
				t.Errorf("%d tickets are stored", stored)
			}
		})
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	null := optional.Value[string]{Set: true, Null: true}
	text := optional.Of[string]
	for name, tc := range map[string]struct {
		patch tickets.Patch
		wrong []string
		holds func(tickets.Detail) bool
	}{
		"nothing": {tickets.Patch{}, nil, func(d tickets.Detail) bool {
			return d.Title == "Lamp" && *d.AssigneeID == 5
		}},
		"title": {tickets.Patch{Title: text("Sofa")}, nil, func(d tickets.Detail) bool {
			return d.Title == "Sofa" && d.Description == "dark"
		}},
		"null title": {tickets.Patch{Title: null}, nil, func(d tickets.Detail) bool { return d.Title == "Lamp" }},
		"null text": {tickets.Patch{Description: null}, nil, func(d tickets.Detail) bool {
			return d.Description == ""
		}},
		"status": {tickets.Patch{Status: text("CLOSED")}, nil, func(d tickets.Detail) bool {
			return d.Status == tickets.StatusClosed
		}},
		"priority": {tickets.Patch{Priority: text("LOW")}, nil, func(d tickets.Detail) bool {
			return d.Priority == tickets.PriorityLow
		}},
		"e-mail": {tickets.Patch{Email: text("c@d.example")}, nil, func(d tickets.Detail) bool {
			return *d.Email == "c@d.example"
		}},
		"null e-mail": {tickets.Patch{Email: null}, nil, func(d tickets.Detail) bool { return d.Email == nil }},
		"visitor": {tickets.Patch{VisitorToken: text("vis_8")}, nil, func(d tickets.Detail) bool {
			return *d.VisitorID == 8 && d.Visitor.Name == "Calm Fox"
		}},
		"null visitor": {tickets.Patch{VisitorToken: null}, nil, func(d tickets.Detail) bool {
			return d.VisitorID == nil && d.Visitor == nil
		}},
		"null assignee": {
			tickets.Patch{AssigneeID: optional.Value[id.User]{Set: true, Null: true}},
			nil,
			func(d tickets.Detail) bool {
				return d.AssigneeID == nil && d.Assignee == nil
			},
		},
		"blank title": {tickets.Patch{Title: text(" ")}, []string{"title"}, nil},
		"wrong members": {
			tickets.Patch{Status: text("open"), Priority: text("x"), Email: text("x")},
			[]string{"email", "priority", "status"},
			nil,
		},
		"unknown visitor": {tickets.Patch{VisitorToken: text("vis_9")}, []string{"visitorToken"}, nil},
		"unknown user":    {tickets.Patch{AssigneeID: optional.Of[id.User](6)}, []string{"assigneeId"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			email, visitor, user := "a@b.example", "vis_7", id.User(5)
			made := d.create(t, tickets.Draft{
				Title:        "Lamp",
				Description:  "dark",
				Email:        &email,
				VisitorToken: &visitor,
				AssigneeID:   &user,
			})
			saved, err := d.Update(t.Context(), d.site, made.ID, tc.patch)
			if got := fields(t, err); !slices.Equal(got, tc.wrong) {
				t.Fatalf("wrong members %v, want %v", got, tc.wrong)
			}
			if tc.holds != nil && !tc.holds(saved) {
				t.Errorf("got %+v", saved)
			}
		})
	}
}

func TestUnchangedTicketIsNotUpdated(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.create(t, tickets.Draft{Title: "Lamp"})
	old := made.Ticket
	old.UpdatedAt = old.UpdatedAt.AddDate(0, 0, -1)
	d.store.tickets[made.ID] = old
	same, err := d.Update(t.Context(), d.site, made.ID, tickets.Patch{
		Title:  optional.Of("Lamp"),
		Status: optional.Of("NEW"),
	})
	if err != nil || !same.UpdatedAt.Equal(old.UpdatedAt) {
		t.Errorf("updated at %v, want %v (%v)", same.UpdatedAt, old.UpdatedAt, err)
	}
	changed, err := d.Update(t.Context(), d.site, made.ID, tickets.Patch{Status: optional.Of("OPEN")})
	if err != nil || !changed.UpdatedAt.After(old.UpdatedAt) {
		t.Errorf("a changed ticket keeps %v (%v)", changed.UpdatedAt, err)
	}
}
