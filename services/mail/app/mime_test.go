package app

import "testing"

// TestAuthorIsWhereTheAnswerGoes: forms of websites name the person in Reply-To. Mailing lists name themselves there.
func TestAuthorIsWhereTheAnswerGoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ header, want string }{
		"From":               {"", "form@shop.example"},
		"Reply-To":           {"Reply-To: Vera <vera@c.example>\r\n", "vera@c.example"},
		"two in Reply-To":    {"Reply-To: vera@c.example, omar@c.example\r\n", "form@shop.example"},
		"unreadable":         {"Reply-To: nobody\r\n", "form@shop.example"},
		"of a list":          {"Reply-To: list@l.example\r\nList-Id: <list.l.example>\r\n", "form@shop.example"},
		"an automatic reply": {"Reply-To: vera@c.example\r\nAuto-Submitted: auto-replied\r\n", "form@shop.example"},
	} {
		m, err := parser{}.Parse([]byte("From: Form <form@shop.example>\r\n" + c.header + "\r\nHello\r\n"))
		if err != nil || m.From.Address != c.want {
			t.Errorf("%s: the author is %s, want %s (%v)", name, m.From.Address, c.want, err)
		}
	}
}
