package browser

import (
	"fmt"
	"testing"

	"fivechat.dev/tests/harness"
)

const selected = "document.querySelectorAll('.pick input:checked').length"

// TestInboxChangesSeveralConversations: rows are selected by the pointer, a range and a key; all of them are changed at
// once, and the change is taken back.
func TestInboxChangesSeveralConversations(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	ada, ben := w.Person(t, harness.Agent), w.Person(t, harness.Agent)
	for i := range 5 {
		w.Visit(t, nil).Open(t, fmt.Sprint("Question ", i))
	}
	other := signedIn(t, desktop, ben, "/inbox/mine")
	c := signedIn(t, desktop, ada, "/inbox/all")
	c.until(rows + ".length === 5")
	pick := func(n int) string { return fmt.Sprintf("document.querySelectorAll('.pick input')[%d]", n) }
	c.do(pick(0) + ".click()")
	c.do(pick(2) + ".dispatchEvent(new MouseEvent('click', {bubbles: true, shiftKey: true}))")
	c.until(selected + " === 3")
	c.do("document.querySelectorAll('a.row')[3].focus()")
	c.press("x", "x")
	c.until(selected + " === 4")
	c.accessible()
	c.picture("console-selection")
	c.chooseItem("#bulk-assign", ben.Name)
	c.until("[...document.querySelectorAll('.chip.plain')].filter((e) => e.textContent === '" + ben.Name +
		"').length === 4")
	c.until(selected + " === 0 && !document.querySelector('.selection')")
	other.until(rows + ".length === 4")
	c.do("document.querySelector('.toast .undo').click()")
	other.until(rows + ".length === 0")
	c.until("!document.querySelector('.chip.plain')")
	c.do(pick(1) + ".click()")
	c.do("[...document.querySelectorAll('.selection .link')].find((e) => e.textContent === 'Select all').click()")
	c.until(selected + " === 5")
	c.do("document.getElementById('bulk-close').click()")
	c.until(rows + ".length === 0")
	c.quiet()
}

// TestSelectionIsKeptWhileTheServerFails: nothing is changed, and the agent can try again. A viewer selects nothing.
func TestSelectionIsKeptWhileTheServerFails(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	for i := range 2 {
		w.Visit(t, nil).Open(t, fmt.Sprint("Question ", i))
	}
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all")
	c.until(rows + ".length === 2")
	c.do("document.querySelectorAll('.pick input').forEach((e) => e.click())")
	c.until(selected + " === 2")
	c.offline(true)
	c.do("document.getElementById('bulk-close').click()")
	c.until("document.querySelector('.toast.error') && " + selected + " === 2 && " + rows + ".length === 2")
	c.offline(false)
	c.do("document.getElementById('bulk-close').click()")
	c.until(rows + ".length === 0")
	v := signedIn(t, phone, w.Person(t, harness.Viewer), "/inbox/closed")
	v.until(rows + ".length === 2")
	if eval[bool](v, "!!document.querySelector('.pick')") {
		t.Error("a viewer can select rows")
	}
}

// TestDraftsFollowThePerson: a text that is begun in one browser is there in another one, until it is sent there.
func TestDraftsFollowThePerson(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	one, two := w.Visit(t, nil).Open(t, "One?"), w.Visit(t, nil).Open(t, "Two?")
	ada := w.Person(t, harness.Agent)
	a := signedIn(t, desktop, ada, "/inbox/all/"+one)
	a.into("#reply", "Begun here")
	a.do("document.querySelector('[data-token=" + two + "]').click()")
	a.until("document.querySelector('[data-token=" + one + "] .preview')?.textContent === 'Draft: Begun here'")
	harness.Eventually(t, harness.Patience, "the draft is stored", func() (bool, any) {
		drafts := ada.Get(t, "/drafts")
		return len(drafts.M["data"].([]any)) == 1, drafts
	})
	b := signedIn(t, desktop, ada, "/inbox/all/"+one)
	b.until("document.getElementById('reply')?.value === 'Begun here'")
	b.into("#reply", "Begun here and sent there")
	b.press("Enter", "\r")
	b.until("document.querySelector('.message.own')?.textContent === 'Begun here and sent there'")
	harness.Eventually(t, harness.Patience, "the draft is gone", func() (bool, any) {
		drafts := ada.Get(t, "/drafts")
		return len(drafts.M["data"].([]any)) == 0, drafts
	})
	a.do("document.querySelector('[data-token=" + one + "]').click()")
	a.until("document.querySelector('.message.own') && document.getElementById('reply')?.value === ''")
	a.until("document.getElementById('assignee').textContent === '" + ada.Name + "'") // by the reply
}
