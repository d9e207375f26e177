package contract_test

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/transport/httpkit"
)

// TestEveryTypeHasItsData: each stored or transient type of event has exactly one type of data.
func TestEveryTypeHasItsData(t *testing.T) {
	t.Parallel()
	var types []contract.EventType
	for _, data := range []contract.Data{
		contract.ConversationOpenedData{},
		contract.ConversationUpdatedData{},
		contract.ConversationRatedData{},
		contract.ConversationReadData{},
		contract.ConversationErasedData{},
		contract.ConversationsImportedData{},
		contract.InboxUpdatedData{},
		contract.MessageCreatedData{},
		contract.NoteCreatedData{},
		contract.NoteUpdatedData{},
		contract.NoteDeletedData{},
		contract.TypingData{},
		contract.InboxReadData{},
		contract.InboxViewedData{},
		contract.UserPresenceData{},
		contract.VisitorCreatedData{},
		contract.VisitorUpdatedData{},
		contract.VisitorErasedData{},
		contract.VisitorBlockedData{},
		contract.VisitorUnblockedData{},
		contract.VisitorNoteCreatedData{},
		contract.VisitorNoteUpdatedData{},
		contract.VisitorNoteDeletedData{},
		contract.VisitorsImportedData{},
		contract.VisitorOnlineData{},
		contract.TicketCreatedData{},
		contract.TicketUpdatedData{},
		contract.TicketDeletedData{},
		contract.TicketMessageCreatedData{},
		contract.WorkspaceChangedData{},
		contract.WebhookDisabledData{},
	} {
		types = append(types, data.EventType())
	}
	declared := contract.Types(func(contract.Facts) bool { return true })
	slices.Sort(types)
	slices.Sort(declared)
	if !slices.Equal(types, declared) {
		t.Errorf("the data have the types %v, the facts %v", types, declared)
	}
}

// TestMessageLengthIsNearItsJSON: pages end by this length, so it must never be far too small.
func TestMessageLengthIsNearItsJSON(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "hello", strings.Repeat(`"`, 10_000), strings.Repeat("ä", 10_000)} {
		message := contract.Message{ID: 1, Content: content}
		encoded, err := httpkit.Encode(message)
		if err != nil {
			t.Fatal(err)
		}
		if n := message.JSONBytes(); 2*n < len(encoded) || n > 2*len(encoded)+1000 {
			t.Errorf("%d bytes of content: %d, but the JSON has %d bytes", len(content), n, len(encoded))
		}
	}
}

// TestUnknownTypesNeedThePlanOfTheirGroup: a newer service publishes types that this version doesn't know.
func TestUnknownTypesNeedThePlanOfTheirGroup(t *testing.T) {
	t.Parallel()
	for _, known := range contract.Types(func(f contract.Facts) bool { return f.NeedsPro }) {
		group, _, _ := strings.Cut(string(known), ".")
		unknown := contract.FactsOf(contract.EventType(group + ".of_the_future"))
		if !unknown.NeedsPro || unknown.ShownToVisitor || unknown.Webhooks {
			t.Errorf("an unknown type like %s: %+v", known, unknown)
		}
	}
}
