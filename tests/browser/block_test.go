package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// TestBlockedVisitorReadsThatTheChatIsUnavailable: on their next page, until the block is taken back.
func TestBlockedVisitorReadsThatTheChatIsUnavailable(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := open(t, desktop, site(t, shop("en", tag(w.ClientToken))))
	v.until("$('.launcher')")
	v.pressLauncher()
	v.say("Buy followers!")
	v.until("$('.VISITOR:not(.sending)')")
	block := "/visitors/" + w.Reader().Get(t, "/visitors").List("data")[0].Text("token") + "/block"
	again := func(method, is string) {
		t.Helper()
		w.Agent().Do(t, method, block, nil).Want(t, 200)
		v.do("window.fivechat('close')")
		v.reload()
		v.until("$('.launcher')")
		v.pressLauncher()
		v.until("$('.VISITOR') && " + is + "$('.note').textContent.includes('not available')")
	}
	again("PUT", "")
	v.accessible()
	again("DELETE", "!")
}
