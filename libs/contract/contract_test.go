package contract_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// bare is the JSON of a conversation whose optional members are empty.
const bare = `{"id":123,"websiteId":1,"token":"conv_k","rating":null,"assigneeId":null,"visitorId":0,` +
	`"visitorTyping":false,"userTyping":false,"createdAt":"2024-01-15T12:00:00.000Z",` +
	`"status":"CLOSED","firstMessageAt":null,"closedAt":null,"summary":null,"tags":[]}`

// TestDataHasItsJSON: logs, streams and webhooks have these bytes. Clients may depend on the order of members.
func TestDataHasItsJSON(t *testing.T) {
	t.Parallel()
	website, err := tenant.New(1)
	if err != nil {
		t.Fatal(err)
	}
	noon, text, seconds, five := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC), "sum", 1.5, int64(5)
	seven, visitor := id.User(7), id.Visitor(5)
	const open, closed = contract.ConversationStatusOpen, contract.ConversationStatusClosed
	poor := contract.Conversation{ID: 123, WebsiteID: website, Token: "conv_k", CreatedAt: noon, Status: closed}
	rich := contract.Conversation{
		ID: 123, WebsiteID: website, Token: "conv_k", Rating: &five, AssigneeID: &seven, VisitorID: 789, VisitorTyping: true,
		CreatedAt: noon, Status: open, FirstMessageAt: &noon, ClosedAt: &noon, Summary: &text, Tags: []string{"a"},
	}
	previous := contract.ConversationRatedPrevious{Rating: 1, RatedAt: noon}
	note := contract.Message{
		ID: 9, Content: "x", Type: contract.MessageTypeSystem, SenderType: contract.SenderSystem, CreatedAt: noon,
		UpdatedAt: noon,
	}
	answer := contract.MessageCreatedData{Conversation: poor, Message: contract.Message{
		ID: 9, ConversationID: 123, Content: "hi <b>", Type: contract.MessageTypeText, SenderType: contract.SenderUser,
		UserID: &seven, VisitorID: &visitor, Read: true, ReadAt: &noon, CreatedAt: noon, UpdatedAt: noon,
	}, Sender: contract.SenderUser, FirstResponseSeconds: &seconds, AgentID: &seven}
	imported := contract.ConversationsImportedData{
		Conversations: 1, Open: 2, Messages: 3, Answered: 4, ResponseSeconds: seconds, ConversationIDs: []id.Conversation{1},
	}
	for _, c := range []struct {
		data contract.Data
		want string
	}{
		{
			contract.ConversationOpenedData{Conversation: rich},
			`{"conversation":{"id":123,"websiteId":1,"token":"conv_k","rating":5,"assigneeId":7,` +
				`"visitorId":789,"visitorTyping":true,"userTyping":false,` +
				`"createdAt":"2024-01-15T12:00:00.000Z","status":"OPEN",` +
				`"firstMessageAt":"2024-01-15T12:00:00.000Z","closedAt":"2024-01-15T12:00:00.000Z",` +
				`"summary":"sum","tags":["a"]}}`,
		},
		{
			contract.ConversationOpenedData{Conversation: poor},
			`{"conversation":` + bare + `}`,
		},
		{
			contract.ConversationUpdatedData{Conversation: poor, From: open, Status: closed, ResolutionSeconds: &seconds},
			`{"conversation":` + bare + `,"from":"OPEN","status":"CLOSED","resolutionSeconds":1.5}`,
		},
		{
			contract.ConversationUpdatedData{Conversation: poor, From: open, Status: open},
			`{"conversation":` + bare + `,"from":"OPEN","status":"OPEN"}`,
		},
		{
			contract.ConversationRatedData{Conversation: poor, Rating: 5, RatedAt: &noon, AgentID: &seven, Previous: &previous},
			`{"conversation":` + bare + `,"rating":5,"ratedAt":"2024-01-15T12:00:00.000Z","agentId":7,"previous":{"rating":1,` +
				`"ratedAt":"2024-01-15T12:00:00.000Z"}}`,
		},
		{
			contract.ConversationRatedData{Conversation: poor, Rating: 5, RatedAt: &noon},
			`{"conversation":` + bare + `,"rating":5,"ratedAt":"2024-01-15T12:00:00.000Z"}`,
		},
		{
			contract.ConversationReadData{
				Conversation: poor, Reader: contract.SenderVisitor, ReadAt: noon, MessageIDs: []id.Message{1, 2},
			},
			`{"conversation":` + bare + `,"reader":"VISITOR","readAt":"2024-01-15T12:00:00.000Z","messageIds":[1,2]}`,
		},
		{
			contract.ConversationReadData{Conversation: poor, Reader: contract.SenderVisitor, ReadAt: noon},
			`{"conversation":` + bare + `,"reader":"VISITOR","readAt":"2024-01-15T12:00:00.000Z","messageIds":[]}`,
		},
		{
			contract.ConversationErasedData{ConversationID: 123, From: open},
			`{"conversationId":123,"from":"OPEN"}`,
		},
		{
			imported,
			`{"conversations":1,"open":2,"messages":3,"answered":4,"responseSeconds":1.5,` +
				`"conversationIds":[1]}`,
		},
		{
			contract.ConversationsImportedData{},
			`{"conversations":0,"open":0,"messages":0,"answered":0,"responseSeconds":0}`,
		},
		{
			answer,
			`{"conversation":` + bare + `,"message":{"id":9,"conversationId":123,"content":"hi <b>","type":"TEXT",` +
				`"senderType":"USER","userId":7,"visitorId":5,"read":true,` +
				`"readAt":"2024-01-15T12:00:00.000Z","attachments":[],"createdAt":"2024-01-15T12:00:00.000Z",` +
				`"updatedAt":"2024-01-15T12:00:00.000Z"},"sender":"USER","firstResponseSeconds":1.5,` +
				`"agentId":7}`,
		},
		{
			contract.MessageCreatedData{Conversation: poor, Message: note, Sender: contract.SenderSystem},
			`{"conversation":` + bare + `,"message":{"id":9,"conversationId":0,"content":"x","type":"SYSTEM",` +
				`"senderType":"SYSTEM",` +
				`"userId":null,"visitorId":null,"read":false,"readAt":null,"attachments":[],` +
				`"createdAt":"2024-01-15T12:00:00.000Z","updatedAt":"2024-01-15T12:00:00.000Z"},` +
				`"sender":"SYSTEM"}`,
		},
		{
			contract.TypingData{ConversationToken: "conv_k", ConversationID: 123, Sender: contract.SenderUser, Typing: true},
			`{"conversationToken":"conv_k","conversationId":123,"sender":"USER","typing":true}`,
		},
		{
			contract.VisitorErasedData{VisitorID: 7},
			`{"visitorId":7}`,
		},
		{
			contract.VisitorsImportedData{Visitors: 2, VisitorIDs: []id.Visitor{1, 2}},
			`{"visitors":2,"visitorIds":[1,2]}`,
		},
		{
			contract.VisitorOnlineData{VisitorID: 7, Until: noon},
			`{"visitorId":7,"until":"2024-01-15T12:00:00.000Z"}`,
		},
		{
			contract.TicketCreatedData{TicketID: 1, Status: contract.TicketStatusNew, Priority: contract.TicketPriorityHigh},
			`{"ticketId":"1","status":"NEW","priority":"HIGH"}`,
		},
		{
			contract.TicketUpdatedData{TicketID: 1, From: contract.TicketStatusNew, Status: contract.TicketStatusOpen},
			`{"ticketId":"1","from":"NEW","status":"OPEN"}`,
		},
		{
			contract.TicketDeletedData{TicketID: 1},
			`{"ticketId":"1"}`,
		},
		{
			contract.TicketMessageCreatedData{TicketID: 1, MessageID: 2, MessageType: contract.TicketMessageTypeNote},
			`{"ticketId":"1","messageId":"2","messageType":"NOTE"}`,
		},
		{
			contract.WebhookDisabledData{WebhookID: 1, URL: "https://x", Reason: contract.WebhookDisabledReasonGone},
			`{"webhookId":1,"url":"https://x","reason":"GONE"}`,
		},
	} {
		if b, err := httpkit.Encode(c.data); err != nil || string(b) != c.want {
			t.Errorf("%s is %s, %v, want %s", c.data.EventType(), b, err, c.want)
		}
	}
}

// TestFactsOfUnknownTypes: an event of a newer version isn't shown to visitors, and needs the plan of its group.
func TestFactsOfUnknownTypes(t *testing.T) {
	t.Parallel()
	for typ, pro := range map[contract.EventType]bool{
		"ticket.merged": true, "ticket": true, "tickets.merged": false, "conversation.sold": false, "": false,
	} {
		want := contract.Facts{Type: typ, NeedsPro: pro}
		if have := contract.FactsOf(typ); !reflect.DeepEqual(have, want) {
			t.Errorf("%s: %+v", typ, have)
		}
	}
	if f := contract.FactsOf(contract.MessageCreated); !f.ShownToVisitor || f.NeedsPro || !f.Webhooks || f.Transient {
		t.Errorf("a message: %+v", f)
	}
}

// TestEventsAreClassified: no transient event can be subscribed to, and receivers learn of each kind of erasure.
func TestEventsAreClassified(t *testing.T) {
	t.Parallel()
	names := func(condition func(contract.Facts) bool) string {
		var all []string
		for _, typ := range contract.Types(condition) {
			all = append(all, string(typ))
		}
		return strings.Join(all, " ")
	}
	for want, condition := range map[string]func(contract.Facts) bool{
		"typing inbox.read inbox.viewed visitor.online user.presence workspace.changed": func(f contract.Facts) bool {
			return f.Transient
		},
		"conversation.erased note.deleted visitor.erased visitor.note_deleted ticket.deleted": func(f contract.Facts) bool {
			return f.AnnouncesErasure
		},
		"": func(f contract.Facts) bool { return f.Transient && f.Webhooks },
	} {
		if have := names(condition); have != want {
			t.Errorf("%q, want %q", have, want)
		}
	}
}

func TestVisitorOfData(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]id.Visitor{
		`{"visitorId":7}`: 7, `{"conversation":{"visitorId":8},"message":{"visitorId":9}}`: 8, `{"ticketId":"7"}`: 0, `{}`: 0,
	} {
		if have, err := contract.VisitorID([]byte(data)); err != nil || have != want {
			t.Errorf("%s is about %d, %v", data, have, err)
		}
	}
	if _, err := contract.VisitorID([]byte("no JSON")); err == nil {
		t.Error("malformed data has a visitor")
	}
}

// TestCountsOfData: data is decoded to its counted members, also if an erasure has left nothing else.
func TestCountsOfData(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]contract.Counts{
		`{"sender":"USER"}`: contract.MessageCreatedCounts{Sender: contract.SenderUser},
		`{"conversation":{"id":1},"message":{"id":2},"sender":"USER"}`: contract.MessageCreatedCounts{
			Sender: contract.SenderUser,
		},
		`{}`: contract.MessageCreatedCounts{},
	} {
		have, err := contract.DecodeCounts(contract.MessageCreated, []byte(data))
		if err != nil || have != want {
			t.Errorf("%s counts as %+v, %v", data, have, err)
		}
	}
	if have, err := contract.DecodeCounts(contract.TicketCreated, []byte(`{}`)); err != nil || have != nil {
		t.Errorf("a ticket counts as %+v, %v", have, err)
	}
	if _, err := contract.DecodeCounts(contract.MessageCreated, []byte("no JSON")); err == nil {
		t.Error("malformed data is counted")
	}
}

// TestVisitorsSeeNoSummaryAndNoTags: what agents and the assistant wrote about a conversation stays with the agents.
func TestVisitorsSeeNoSummaryAndNoTags(t *testing.T) {
	t.Parallel()
	summary := "angry"
	seen := contract.Conversation{ID: 123, Token: "conv_k", Summary: &summary, Tags: []string{"refund"}}
	if got, want := seen.ForVisitor(), (contract.Conversation{ID: 123, Token: "conv_k"}); !reflect.DeepEqual(got, want) {
		t.Errorf("a visitor sees %+v, want %+v", got, want)
	}
	if seen.Summary == nil || len(seen.Tags) != 1 {
		t.Error("the view of agents was changed")
	}
}

// TestEveryCountedTypeDecodes: statistics can decode each type that has counted members.
func TestEveryCountedTypeDecodes(t *testing.T) {
	t.Parallel()
	for _, typ := range contract.Types(func(contract.Facts) bool { return true }) {
		counts, err := contract.DecodeCounts(typ, []byte(`{}`))
		if members := contract.FactsOf(typ).Counts; err != nil || counts == nil && len(members) > 0 {
			t.Errorf("%s: %T, %v; its counted members are %v", typ, counts, err, members)
		}
		if _, err := contract.DecodeCounts(typ, []byte(`{`)); (err != nil) != (counts != nil) {
			t.Errorf("%s: malformed data gives %v", typ, err)
		}
	}
}

// TestEnumsRefuseUnknownValues: a value of an enumeration is valid only if the document has it.
func TestEnumsRefuseUnknownValues(t *testing.T) {
	t.Parallel()
	type enum interface{ Valid() bool }
	for _, known := range []enum{
		contract.SenderUser, contract.ConversationStatusOpen, contract.MessageTypeText, contract.TicketStatusOpen,
	} {
		unknown := reflect.New(reflect.TypeOf(known)).Elem()
		unknown.SetString("open")
		if v, is := unknown.Interface().(enum); !known.Valid() || !is || v.Valid() {
			t.Errorf("%T: %q is valid %v, open is valid %v", known, known, known.Valid(), v.Valid())
		}
	}
}
