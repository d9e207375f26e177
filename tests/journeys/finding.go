package journeys

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/oapi-codegen/nullable"

	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

// Finding checks every filter of the list of conversations, alone and combined.
func Finding(t *testing.T, s harness.System) {
	ctx, w := t.Context(), s.Website(t, harness.Free)
	agent, user := w.Agent().API(t), w.NewUser(t).Int("id")
	vera, ned := w.Visit(t, nil), w.Visit(t, nil)
	a := vera.Open(t, "Where is my PARCEL? It left on Monday.")
	b := ned.Open(t, "I want a refund")
	c := vera.Open(t, "Größe 42, please")
	w.Reply(t, b, "The parcel comes tomorrow")
	open, closed := string(api.ConversationStatusOPEN), string(api.ConversationStatusCLOSED)
	harness.Of(agent.UpdateConversation(ctx, b, nil, api.ConversationPatch{
		AssigneeID: nullable.NewNullableWithValue(user),
		Status:     new(api.ConversationStatusCLOSED),
	})).OK(t)
	unknown, none := harness.PathID(harness.UnknownID), int64(harness.UnknownID)
	for name, find := range map[string]struct {
		by   api.ListConversationsParams
		want []string
	}{
		"everything":      {api.ListConversationsParams{}, []string{c, b, a}},
		"open":            {api.ListConversationsParams{Status: &open}, []string{c, a}},
		"open and closed": {api.ListConversationsParams{Status: new("OPEN,CLOSED")}, []string{c, b, a}},
		"an agent's or none's": {
			api.ListConversationsParams{AssigneeID: new(harness.PathID(user) + ",none")},
			[]string{c, b, a},
		},
		"closed":               {api.ListConversationsParams{Status: &closed}, []string{b}},
		"an agent's":           {api.ListConversationsParams{AssigneeID: new(harness.PathID(user))}, []string{b}},
		"an unknown agent's":   {api.ListConversationsParams{AssigneeID: &unknown}, []string{}},
		"a visitor's":          {api.ListConversationsParams{VisitorID: &vera.ID}, []string{c, a}},
		"of no visitor":        {api.ListConversationsParams{VisitorID: &none}, []string{}},
		"a word of two":        {api.ListConversationsParams{Search: new("parcel")}, []string{b, a}},
		"a word in capitals":   {api.ListConversationsParams{Search: new("PARCEL")}, []string{b, a}},
		"a word of one":        {api.ListConversationsParams{Search: new("monday")}, []string{a}},
		"a word beyond ASCII":  {api.ListConversationsParams{Search: new("größe")}, []string{c}},
		"a word of none":       {api.ListConversationsParams{Search: new("nothing")}, []string{}},
		"two words":            {api.ListConversationsParams{Search: new("parcel monday")}, []string{a}},
		"no word":              {api.ListConversationsParams{Search: new("")}, []string{c, b, a}},
		"a word and a status":  {api.ListConversationsParams{Search: new("parcel"), Status: &open}, []string{a}},
		"a word and a visitor": {api.ListConversationsParams{Search: new("parcel"), VisitorID: &ned.ID}, []string{b}},
		"changed in the future": {
			api.ListConversationsParams{UpdatedSince: new(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))},
			[]string{},
		},
		"two of them": {api.ListConversationsParams{Limit: new(int64(2))}, []string{c, b}},
		"the second open one": {
			api.ListConversationsParams{Status: &open, Limit: new(int64(1)), Page: new(int64(2))},
			[]string{a},
		},
	} {
		have := tokensOf(harness.Of(agent.ListConversations(ctx, &find.by)).OK(t).Data)
		if !slices.Equal(have, find.want) {
			t.Errorf("%s: finds %v, want %v", name, have, find.want)
		}
	}
	for _, same := range []string{
		"status=CLOSED", "status[]=CLOSED", "status%5B0%5D=CLOSED", "status=CLOSED,", "status=CLOSED&status=CLOSED",
		"status=CLOSED&state=OPEN",
	} {
		rows := w.Reader().Get(t, "/conversations?"+same).List("data")
		if len(rows) != 1 || rows[0].Text("token") != b {
			t.Errorf("%s finds %v, want the closed one", same, rows)
		}
	}
	w.Reader().Do(t, "GET", "/conversations?updatedSince=yesterday", nil).Want(t, 400)
	w.Reader().Do(t, "GET", "/conversations?status=OPEN,DONE", nil).Want(t, 400)
	w.Reader().Do(t, "GET", "/visitors?state=OPEN", nil).Want(t, 400)
	harness.Of(agent.ListConversations(ctx, &api.ListConversationsParams{Cursor: new("nonsense")})).Refused(t, 400)
}

func tokensOf(rows []api.Conversation) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.Token
	}
	return out
}

// Walking checks that cursor pagination returns every conversation that existed at its beginning exactly once, while
// others are created.
func Walking(t *testing.T, s harness.System) {
	const before = 57
	ctx, w := t.Context(), s.Website(t, harness.Free)
	w.Import(t, before)
	reader, there := w.Reader().API(t), map[string]bool{}
	for _, token := range tokensOf(harness.Of(reader.ListConversations(ctx,
		&api.ListConversationsParams{Limit: new(int64(100))})).OK(t).Data) {
		there[token] = true
	}
	if len(there) != before {
		t.Fatalf("%d conversations, want %d", len(there), before)
	}
	v := w.Visit(t, nil)
	seen := map[string]int{}
	by := api.ListConversationsParams{Limit: new(int64(5))}
	for step := 0; ; step++ {
		page := harness.Of(reader.ListConversations(ctx, &by)).OK(t)
		for _, token := range tokensOf(page.Data) {
			seen[token]++
		}
		if page.NextCursor.IsNull() {
			break
		}
		by.Cursor = new(page.NextCursor.MustGet())
		v.Open(t, fmt.Sprintf("new %d", step))
		if step > before {
			t.Fatal("the pagination does not end")
		}
	}
	for token := range there {
		if seen[token] != 1 {
			t.Errorf("%s was seen %d times", token, seen[token])
		}
	}
	for token, n := range seen {
		if n != 1 || !there[token] {
			t.Errorf("%s was seen %d times; existed at the beginning: %v", token, n, there[token])
		}
	}
}
