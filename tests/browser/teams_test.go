package browser

import (
	"fmt"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestTeamsShareConversations: an agent gives a conversation to a team. A member sees it in the view of the team, at
// once, and it is in no agent's own view. The team is also chosen for several conversations, and taken back.
func TestTeamsShareConversations(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	ada, ben := w.Person(t, harness.Agent), w.Person(t, harness.Agent)
	team := w.Agent().Send(t, 201, "POST", "/teams", harness.Map{"name": "Billing", "members": []int64{ben.User}})
	var tokens []string
	for i := range 2 {
		tokens = append(tokens, w.Visit(t, nil).Open(t, fmt.Sprint("Question ", i)))
	}
	view := fmt.Sprintf("/inbox/team-%d", team.Int("id"))
	a := signedIn(t, desktop, ada, "/inbox/all/"+tokens[0])
	b := signedIn(t, desktop, ben, view)
	b.until("document.querySelector('#team-views [aria-current=page]')?.textContent === 'Billing' && !" + rows + ".length")
	a.chooseItem("#assignee", "Billing")
	a.until("[..." + rows + "].filter((r) => r.textContent.includes('Billing')).length === 1")
	b.within(quick, rows+".length === 1 && "+rows+"[0].textContent.includes('Question 0')")
	b.accessible()
	b.picture("console-team")
	for _, p := range []harness.Person{ada, ben} {
		if counts := p.Get(t, "/inbox/counts"); counts.Int("mine") != 0 || counts.Int("unassigned") != 2 {
			t.Errorf("the counts of %s: %s", p.Name, counts)
		}
	}
	a.do("document.querySelectorAll('.pick input').forEach((e) => e.click())")
	a.until(selected + " === 2")
	a.chooseItem("#bulk-assign", "Billing")
	b.within(quick, rows+".length === 2")
	a.until(selected + " === 0 && !document.querySelector('.selection')")
	a.do("[...document.querySelectorAll('.toast .undo')].at(-1).click()")
	b.within(quick, rows+".length === 1")
	a.chooseItem("#assignee", "No team")
	b.within(quick, "!"+rows+".length")
	a.quiet()
	b.quiet()
}

// TestTeamsAreSettings: an admin creates a team, changes its members and removes it, also on a phone. A name that is
// too long stays in the dialog with the reason. Agents don't see the page.
func TestTeamsAreSettings(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	admin, ben := w.Person(t, harness.Admin), w.Person(t, harness.Agent)
	c := signedIn(t, phone, admin, "/settings/teams")
	c.until("document.querySelector('main').textContent.includes('There is no team yet')")
	c.accessible()
	member := fmt.Sprintf("document.querySelector('[role=dialog] [name=members][value=\"%d\"]')", ben.User)
	save := "document.querySelector('[role=dialog] .primary').click()"
	c.do("document.getElementById('new-item').click()")
	c.until(member)
	c.accessible()
	c.field("name", "Billing")
	c.do(member + ".click()")
	c.do(save)
	c.until("document.querySelector('#items li')?.textContent.includes('1 member')")
	if all := w.Reader().Get(t, "/teams").List("data"); len(all) != 1 || all[0].Text("name") != "Billing" {
		t.Errorf("%v", all)
	}
	c.do("document.querySelector('#items li button').click()")
	c.until(member + "?.checked")
	c.do(member + ".click()")
	c.do(save)
	c.until("document.querySelector('#items li')?.textContent.includes('No members')")
	c.do("window.confirm = () => true")
	c.do("document.querySelector('#items li button:last-child').click()")
	c.until("!document.querySelector('#items li')")
	c.quiet()
	agent := signedIn(t, desktop, ben, "/settings/teams")
	agent.until("document.querySelector('.empty') && !document.getElementById('new-item')")
}
