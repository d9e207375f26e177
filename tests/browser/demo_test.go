package browser

import (
	"context"
	"testing"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
)

// TestDemo checks that the demo's shop has the widget, and that its agents can reply.
func TestDemo(t *testing.T) {
	t.Parallel()
	s, err := system.Start(t.Context(), system.Options{Demo: true, Data: t.TempDir(), Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	v := open(t, desktop, s.URL()+"/demo")
	v.pressLauncher()
	v.say("Is the fjord atlas in stock?")
	v.until("texts('.state').includes('Sent')")
	v.picture("demo")
	v.accessible()
	v.quiet()
	c := open(t, desktop, s.URL()+"/console#/inbox")
	c.until("texts('.demo button').includes('Sign in as Ada Moreno (Owner)')")
	c.picture("demo-sign-in")
	c.do("document.querySelector('.demo button').click()")
	c.until("document.querySelector('.conversations .preview')?.textContent === 'Is the fjord atlas in stock?'")
	c.do("document.querySelector('.conversations a.row').click()")
	c.reply("It is: the last two copies.")
	v.within(quick, "texts('.line').includes('It is: the last two copies.') && texts('.name').includes('Ada Moreno')")
	c.quiet()
}

// TestNoDemo checks that without its option the shop isn't served.
func TestNoDemo(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/demo", "/demo/shop.css"} {
		harness.Running().Public().Do(t, "GET", path, nil).Want(t, 404)
	}
}
