package mail_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/mail"
)

func TestRecipients(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	own, err := o.Address(t.Context(), o.one)
	if again, err := o.Address(t.Context(), o.one); err != nil || again != own {
		t.Errorf("the address changed: %s, %s, %v", own, again, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	at := "ticket-7-" + secret + "@" + domain
	for _, c := range []struct {
		address string
		plan    identity.Plan
		room    error
		want    fault.Kind
	}{
		{own, identity.Pro, nil, 0},
		{at, identity.Pro, nil, 0},
		{"ticket-8-" + secret + "@" + domain, identity.Pro, nil, fault.NotFound},
		{"website-1-" + secret + "@" + domain, identity.Pro, nil, fault.NotFound},
		{"website-2-" + secret + "@" + domain, identity.Pro, nil, fault.NotFound},
		{"vera@c.example", identity.Pro, nil, fault.NotFound},
		{at, identity.Free, nil, fault.Forbidden},
		{at, identity.Pro, fault.New(fault.TooLarge, "full"), fault.TooLarge},
	} {
		o.desk.plan, o.desk.room = c.plan, c.room
		target, err := o.Recipient(t.Context(), c.address)
		if (err == nil) != (c.want == 0) || err != nil && !fault.Is(err, c.want) {
			t.Errorf("%s: %+v, %v", c.address, target, err)
		}
	}
}

func TestRulesFindTheTicket(t *testing.T) {
	t.Parallel()
	const token = "[#7-abcdefgh]"
	for _, c := range []struct {
		name   string
		r      mail.Received
		rule   mail.Rule
		ticket id.Ticket
	}{
		{"address", mail.Received{TicketID: 3}, mail.ByAddress, 3},
		{"address before reference", mail.Received{TicketID: 3, References: []string{"SENT"}}, mail.ByAddress, 3},
		{"deleted ticket", mail.Received{TicketID: 13}, mail.AsGone, 13},
		{"full ticket", mail.Received{TicketID: 9}, mail.AsNew, 100},
		{"reference", mail.Received{References: []string{"x@y", "SENT"}}, mail.ByReference, 7},
		{"another website's reference", mail.Received{References: []string{"FOREIGN"}}, mail.AsNew, 100},
		{"token", mail.Received{Subject: "AW: Lamp " + token}, mail.BySubject, 7},
		{"guessed token", mail.Received{Subject: "[#7-aaaaaaaa]"}, mail.AsNew, 100},
		{"token of a ticket without mails", mail.Received{Subject: "[#6-abcdefgh]"}, mail.AsNew, 100},
		{"subject alone", mail.Received{Subject: "Re: Lamp"}, mail.AsNew, 100},
		{"its own mail", mail.Received{TicketID: 3, MessageID: "SENT"}, mail.AsOwn, 3},
		{"bounce", mail.Received{TicketID: 7, Kind: mail.Bounce, OriginalID: "SENT", Permanent: true}, mail.AsBounce, 7},
		{"bounce without its mail", mail.Received{TicketID: 7, Kind: mail.Bounce}, mail.ByAddress, 7},
		{"bounce of another mail", mail.Received{TicketID: 7, Kind: mail.Bounce, OriginalID: "x@y"}, mail.ByAddress, 7},
	} {
		o := newOffice(t)
		sent, foreign := o.queue(o.one, 7), o.queue(o.two, 17)
		named := func(s string) string {
			switch s {
			case "SENT":
				return sent.MessageID
			case "FOREIGN":
				return foreign.MessageID
			}
			return s
		}
		c.r.ID, c.r.WebsiteID, c.r.NextAt = 50, o.one, &o.now
		c.r.MessageID, c.r.OriginalID = named(c.r.MessageID), named(c.r.OriginalID)
		for i, s := range c.r.References {
			c.r.References[i] = named(s)
		}
		o.store.received[50] = c.r
		rule, err := o.File(t.Context(), c.r)
		after := o.store.received[50]
		if rule != c.rule || err != nil || after.TicketID != c.ticket || after.Rule != c.rule || after.NextAt != nil {
			t.Errorf("%s: %s in ticket %d: %v", c.name, rule, after.TicketID, err)
		}
		if isUndelivered := o.store.sent[sent.ID].State == mail.Undelivered; isUndelivered != (c.name == "bounce") {
			t.Errorf("%s: the sent mail is %s", c.name, o.store.sent[sent.ID].State)
		}
		if o.store.sent[foreign.ID].State != mail.Queued {
			t.Errorf("%s changed another website's mail", c.name)
		}
	}
}

// TestABounceOfAnotherWebsiteChangesNothing: the Message-ID of a mail is known to its recipient.
func TestABounceOfAnotherWebsiteChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	sent := o.queue(o.one, 7)
	r := mail.Received{ID: 50, WebsiteID: o.two, Kind: mail.Bounce, OriginalID: sent.MessageID, Permanent: true}
	o.store.received[50] = r
	rule, err := o.File(t.Context(), r)
	if rule != mail.AsNew || err != nil || o.store.sent[sent.ID].State != mail.Queued {
		t.Errorf("%s, %v, %+v", rule, err, o.store.sent[sent.ID])
	}
}

func TestOutcomesOfSending(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		outcome mail.Outcome
		again   bool
	}{
		{"accepted", mail.Outcome{State: mail.Accepted}, false},
		{"refused", mail.Outcome{State: mail.Undelivered, Reason: "550"}, false},
		{"refused for now", mail.Outcome{State: mail.Deferred, Reason: "450"}, true},
		{"relay away", mail.Outcome{State: mail.Deferred, Reason: "before the content"}, true},
		{"no response", mail.Outcome{State: mail.Uncertain, Reason: "reset"}, false},
	} {
		o := newOffice(t)
		m := o.queue(o.one, 7)
		o.relay.outcomes = []mail.Outcome{c.outcome}
		got, err := o.Send(t.Context(), m)
		after := o.store.sent[m.ID]
		if err != nil || got.State != c.outcome.State || after.State != c.outcome.State || (after.NextAt != nil) != c.again ||
			after.Tries != 1 || after.MessageID != m.MessageID {
			t.Errorf("%s: %+v, %+v, %v", c.name, got, after, err)
		}
	}
	o := newOffice(t)
	m := o.queue(o.one, 7)
	o.desk.answer.ForRequester = false
	if got, err := o.Send(t.Context(), m); err != nil || got.State != "" || len(o.store.sent) != 0 {
		t.Errorf("a message that isn't for the requester: %+v, %v", got, err)
	}
}

// TestNoMailIsSubmittedTwice sends with failures of the relay, the store and the process in random order. A mail that
// the relay may have accepted is never submitted again.
func TestNoMailIsSubmittedTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test repeats its seeds
		o := newOffice(t)
		m := o.queue(o.one, 7)
		for range 12 {
			o.relay.dies, o.store.away = r.IntN(4) == 0, 0
			if r.IntN(4) == 0 {
				o.store.away = 1 + r.IntN(3)
			}
			o.relay.outcomes = []mail.Outcome{{
				State:  []mail.State{mail.Accepted, mail.Deferred, mail.Uncertain}[r.IntN(3)],
				Reason: []string{"450", "before the content"}[r.IntN(2)],
			}}
			seen := o.store.sent[m.ID] // another replica may have read the mail before
			for range 1 + r.IntN(2) {
				if _, err := o.Send(t.Context(), seen); err != nil && !errors.Is(err, errDied) && !errors.Is(err, errAway) &&
					!fault.Is(err, fault.Conflict) {
					t.Fatal(err)
				}
			}
			if next := o.store.sent[m.ID].NextAt; next == nil {
				break
			} else if next.After(o.now) {
				o.now = *next
			}
		}
		o.store.away = 0
		if n := o.relay.accepted[m.MessageID]; n > 1 {
			t.Errorf("seed %d: the mail was submitted %d times", seed, n)
		}
		if last := o.store.sent[m.ID]; last.State == mail.Accepted && o.relay.accepted[m.MessageID] != 1 {
			t.Errorf("seed %d: a mail that wasn't submitted is SENT", seed)
		}
	}
}

func TestReceivedMailIsStoredForEachTarget(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := mail.Delivery{Raw: []byte("x"), Targets: []mail.Target{{WebsiteID: o.one, TicketID: 7}, {WebsiteID: o.two}}}
	for _, want := range []int{2, 0} {
		if n, err := o.Receive(t.Context(), d); n != want || err != nil {
			t.Errorf("%d are stored, and not %d: %v", n, want, err)
		}
	}
	sites := map[tenant.ID]int{}
	for _, r := range o.store.received {
		if r.Authentication == nil || r.Authentication.Domain != "c.example" {
			t.Errorf("the sender is %+v", r.Authentication)
		}
		sites[r.WebsiteID]++
	}
	if sites[o.one] != 1 || sites[o.two] != 1 {
		t.Errorf("%v", sites)
	}
}
