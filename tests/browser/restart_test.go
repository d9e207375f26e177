package browser

import (
	"context"
	"testing"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
)

// TestRestartInMidConversation: the server restarts during a conversation, and neither side loses or duplicates a
// message.
func TestRestartInMidConversation(t *testing.T) {
	t.Parallel()
	settings := system.DefaultSettings()
	settings.Gateway.Addr = harness.FreeAddrs(t, 1)[0]
	o := system.Options{Settings: &settings, Data: t.TempDir(), Demo: true, Log: t.Output()}
	start := func() *system.System {
		t.Helper()
		s, err := system.Start(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	stop := func(s *system.System) {
		t.Helper()
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	s := start()
	v := open(t, desktop, s.URL()+"/demo")
	v.pressLauncher()
	v.say("one")
	v.until("texts('.state').includes('Sent')")
	c := open(t, desktop, s.URL()+"/console/inbox")
	c.enter(s.Demo.People[0].Email, s.Demo.People[0].Password)
	c.until("document.querySelector('.conversations a.row')")
	c.do("document.querySelector('.conversations a.row').click()")
	c.reply("two")
	v.until("texts('.line').join() === 'one,two'")

	stop(s)
	v.say("three")
	v.until("texts('.state').includes('Sending…') && $('.note').textContent.includes('offline')")
	s = start()
	defer func() { stop(s) }()
	v.until("texts('.state').includes('Sent')")
	c.until("[...document.querySelectorAll('.message')].map((m) => m.textContent).join() === 'one,two,three'")
	c.reply("four")
	v.until("texts('.line').join() === 'one,two,three,four'")
}
