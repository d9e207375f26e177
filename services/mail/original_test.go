package mail_test

import (
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/mail"
)

func TestOriginalsAreReadInTheirTicketOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.store.received[50] = mail.Received{ID: 50, WebsiteID: o.one, TicketID: 7}
	raw, err := o.Original(t.Context(), o.one, 7, 50)
	if err != nil || string(raw) != "raw" {
		t.Errorf("the original is %q, %v", raw, err)
	}
	d, err := o.Details(t.Context(), o.one, 7, 50)
	if err != nil || len(d.Quoted) != 64<<10 || d.Signature != "Vera" || len(d.Files) != 1 {
		t.Errorf("the details have %d bytes of history, %+v, %v", len(d.Quoted), d.Files, err)
	}
	f, err := o.Attachment(t.Context(), o.one, 7, 50, 1)
	if err != nil || f.Name != "a.txt" || string(f.Content()) != "raw" {
		t.Errorf("the attachment is %+v, %v", f, err)
	}
	for _, c := range []struct {
		name     string
		website  tenant.ID
		ticket   id.Ticket
		number   id.Mail
		position int64
	}{
		{"another website's", o.two, 7, 50, 1},
		{"another ticket's", o.one, 8, 50, 1},
		{"an unknown mail's", o.one, 7, 51, 1},
		{"before the first", o.one, 7, 50, 0},
		{"after the last", o.one, 7, 50, 2},
	} {
		if _, err := o.Attachment(t.Context(), c.website, c.ticket, c.number, c.position); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s attachment: %v", c.name, err)
		}
	}
}
