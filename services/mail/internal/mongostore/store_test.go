package mongostore_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/largeread"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/mail"
	"fivechat.dev/services/mail/internal/mongostore"
)

const domain = "m.example"

func open(t *testing.T) *mongostore.Store {
	t.Helper()
	db := storetest.DB(t, "mail")
	s := mongostore.New(db, mongostore.Options{Domain: domain, Sends: true, Wake: func() {}, Now: time.Now})
	storetest.Ready(t, db)
	return s
}

func receive(t *testing.T, s *mongostore.Store, w tenant.ID, ticket id.Ticket, messageID string) mail.Received {
	t.Helper()
	number, err := s.MailIDs(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	raw := []byte("raw " + messageID)
	r := mail.NewReceived(number, mail.Target{WebsiteID: w, TicketID: ticket}, mail.Delivery{Raw: raw}, mail.Message{
		MessageID: messageID, Text: "Hello", Kind: mail.Human,
	}, time.Now().UTC().Truncate(time.Second))
	if isNew, err := s.Receive(t.Context(), r, raw); err != nil || !isNew {
		t.Fatal(isNew, err)
	}
	return r
}

func TestLargeOriginalsTakeAPlace(t *testing.T) {
	t.Parallel()
	s, one := open(t), storetest.Tenant(1)
	r := receive(t, s, one, 7, strings.Repeat("x", largeread.Free))
	small := receive(t, s, one, 7, "a@c")
	l := largeread.New()
	for range largeread.Share {
		ctx, end := l.Begin(t.Context(), one)
		defer end()
		if _, err := s.Original(ctx, one, 7, r.ID); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	ctx, end := l.Begin(ctx, one)
	defer end()
	if _, err := s.Original(ctx, one, 7, small.ID); err != nil {
		t.Errorf("a small original: %v", err)
	}
	if _, err := s.Original(ctx, one, 7, r.ID); err == nil {
		t.Error("a large original was read without a place")
	}
}

func TestADeliveryIsStoredOnce(t *testing.T) {
	t.Parallel()
	s, one, two := open(t), storetest.Tenant(1), storetest.Tenant(2)
	r := receive(t, s, one, 7, "a@c")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			again := r
			again.ID, _ = s.MailIDs(t.Context(), 1)
			if isNew, err := s.Receive(t.Context(), again, []byte("x")); isNew || err != nil {
				t.Errorf("a second delivery: %v, %v", isNew, err)
			}
		})
	}
	all.Wait()
	receive(t, s, one, 8, "a@c")
	receive(t, s, two, 7, "a@c")
	received, _, err := s.OfTicket(t.Context(), one, 7, 10)
	if err != nil || len(received) != 1 || received[0].Text != "" {
		t.Errorf("%+v, %v", received, err)
	}
	if raw, err := s.Original(t.Context(), one, 7, r.ID); err != nil || string(raw) != "raw a@c" {
		t.Errorf("%q, %v", raw, err)
	}
	for _, other := range []struct {
		w      tenant.ID
		ticket id.Ticket
	}{{two, 7}, {one, 8}} {
		if _, err := s.Original(t.Context(), other.w, other.ticket, r.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the original for %+v: %v", other, err)
		}
	}
}

func TestOneReplicaClaimsAMail(t *testing.T) {
	t.Parallel()
	s, one := open(t), storetest.Tenant(1)
	for _, messageID := range []string{"a@c", "b@c", "c@c"} {
		receive(t, s, one, 7, messageID)
	}
	now := time.Now()
	var mu sync.Mutex
	claimed := map[id.Mail]int{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			found, err := s.ToFile(t.Context(), now, now.Add(time.Minute))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, r := range found {
				claimed[r.ID]++
			}
		})
	}
	all.Wait()
	for number, n := range claimed {
		if n != 1 {
			t.Errorf("mail %d was claimed %d times", number, n)
		}
	}
	if len(claimed) != 3 {
		t.Errorf("%d mails were claimed", len(claimed))
	}
	if again, err := s.ToFile(t.Context(), now.Add(2*time.Minute), now.Add(3*time.Minute)); err != nil || len(again) != 3 {
		t.Errorf("after the claim: %d, %v", len(again), err)
	}
}

// TestThreadsStayInAWebsite: a Message-ID leads to the ticket of the same website only.
func TestThreadsStayInAWebsite(t *testing.T) {
	t.Parallel()
	s, one, two := open(t), storetest.Tenant(1), storetest.Tenant(2)
	receive(t, s, one, 7, "a@c")
	receive(t, s, one, 8, "b@c")
	for _, c := range []struct {
		w     tenant.ID
		ids   []string
		found id.Ticket
	}{{one, []string{"x@c", "b@c", "a@c"}, 8}, {one, []string{"x@c"}, 0}, {two, []string{"a@c"}, 0}} {
		ticket, found, err := s.Answered(t.Context(), c.w, c.ids)
		if ticket != c.found || found != (c.found != 0) || err != nil {
			t.Errorf("%v in %v: %d, %v, %v", c.ids, c.w, ticket, found, err)
		}
	}
}

// log is a log of tickets whose head is at a position.
type log int64

func (l log) Head(context.Context) (int64, error) { return int64(l), nil }
func (log) After(context.Context, int64, int64) ([]outbox.Record, error) {
	return nil, nil
}

func (log) Of(context.Context, tenant.ID, int64, int64) ([]outbox.Record, error) {
	return nil, nil
}

func record(t *testing.T, w tenant.ID, pos int64, data contract.Data) outbox.Record {
	t.Helper()
	b, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return outbox.Record{ID: "x", Website: w, Type: data.EventType(), Data: string(b), Pos: pos}
}

// TestEventsQueueMailsOnce: those from before the first start, and notes, queue none. A deleted ticket takes its mails
// with it.
func TestEventsQueueMailsOnce(t *testing.T) {
	t.Parallel()
	s, one := open(t), storetest.Tenant(1)
	if pos, err := s.Position(log(40))(t.Context(), "tickets"); err != nil || pos != 40 {
		t.Fatal(pos, err)
	}
	if pos, err := s.Position(log(90))(t.Context(), "tickets"); err != nil || pos != 40 {
		t.Fatal("the second start:", pos, err)
	}
	made := func(message id.TicketMessage, kind contract.TicketMessageType) contract.Data {
		return contract.TicketMessageCreatedData{TicketID: 7, MessageID: message, MessageType: kind}
	}
	records := []outbox.Record{
		record(t, one, 41, made(1, contract.TicketMessageTypeChat)),
		record(t, one, 42, made(2, contract.TicketMessageTypeNote)),
	}
	for range 2 {
		if err := s.Apply(t.Context(), "tickets", records); err != nil {
			t.Fatal(err)
		}
	}
	_, sent, err := s.OfTicket(t.Context(), one, 7, 10)
	if err != nil || len(sent) != 1 || sent[0].TicketMessageID != 1 || sent[0].State != mail.Queued {
		t.Fatalf("%+v, %v", sent, err)
	}
	receive(t, s, one, 7, "a@c")
	receive(t, s, one, 8, "b@c")
	gone := record(t, one, 43, contract.TicketDeletedData{TicketID: 7})
	if err := s.Apply(t.Context(), "tickets", []outbox.Record{gone}); err != nil {
		t.Fatal(err)
	}
	if received, sent, err := s.OfTicket(t.Context(), one, 7, 10); err != nil || len(received)+len(sent) > 0 {
		t.Errorf("of a deleted ticket: %v %v %v", received, sent, err)
	}
	if received, _, err := s.OfTicket(t.Context(), one, 8, 10); err != nil || len(received) != 1 {
		t.Errorf("of another ticket: %v %v", received, err)
	}
}

func TestErasureOfAVisitorAndAWebsite(t *testing.T) {
	t.Parallel()
	s, one, two := open(t), storetest.Tenant(1), storetest.Tenant(2)
	visitor := id.Visitor(5)
	of := receive(t, s, one, 7, "a@c")
	if _, err := s.SaveReceived(t.Context(), one, of.ID, func(r mail.Received) (mail.Received, error) {
		r.VisitorID = &visitor
		return r.FiledAs(mail.ByAddress), nil
	}); err != nil {
		t.Fatal(err)
	}
	kept := receive(t, s, one, 8, "b@c")
	receive(t, s, two, 9, "c@c")
	for _, w := range []tenant.ID{one, two} {
		if _, err := s.Address(t.Context(), mail.NewAddress(w, time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	person := subject.Visitor(one, visitor)
	if _, rows := storetest.Exported(t, s, person); len(rows) != 2 {
		t.Errorf("an export of the visitor has %d rows", len(rows))
	}
	storetest.Erase(t, s, person)
	if _, err := s.Original(t.Context(), one, 7, of.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the visitor's original: %v", err)
	}
	if _, err := s.Original(t.Context(), one, 8, kept.ID); err != nil {
		t.Errorf("another original: %v", err)
	}
	storetest.Erase(t, s, subject.Website(one))
	if _, err := s.FindAddress(t.Context(), one); !fault.Is(err, fault.NotFound) {
		t.Errorf("the address: %v", err)
	}
	if _, rows := storetest.Exported(t, s, subject.Website(one)); len(rows) != 0 {
		t.Errorf("%d rows are left", len(rows))
	}
	if _, rows := storetest.Exported(t, s, subject.Website(two)); len(rows) != 3 {
		t.Errorf("the other website has %d rows", len(rows))
	}
}

func TestOldOriginalsAreRemoved(t *testing.T) {
	t.Parallel()
	s, one := open(t), storetest.Tenant(1)
	r := receive(t, s, one, 7, "a@c")
	if more, err := s.Sweep(t.Context(), r.CreatedAt); more || err != nil {
		t.Fatal(more, err)
	}
	if _, err := s.Original(t.Context(), one, 7, r.ID); err != nil {
		t.Errorf("before its time: %v", err)
	}
	if more, err := s.Sweep(t.Context(), r.CreatedAt.Add(time.Second)); more || err != nil {
		t.Fatal(more, err)
	}
	if _, err := s.Original(t.Context(), one, 7, r.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("after its time: %v", err)
	}
	if bytes, err := s.Stored().Of(t.Context(), one); err != nil || bytes != 4096 {
		t.Errorf("%d bytes are counted: %v", bytes, err)
	}
}
