package browser

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// screenshot is a PNG of 1,200 by 800 pixels, as an expression in the page.
const screenshot = "await (() => { const c = new OffscreenCanvas(1200, 800); " +
	"c.getContext('2d').fillRect(100, 100, 400, 300); return c.convertToBlob(); })()"

const (
	visitorInput = "$('.row textarea')"
	agentInput   = "document.getElementById('reply')"
)

// paste pastes a file into a field and gives it the focus. content is an expression in the page.
func (w *window) paste(field, name, content string) {
	w.t.Helper()
	w.until(field)
	w.do(fmt.Sprintf("const data = new DataTransfer(); data.items.add(new File([%s], %q)); %s.focus(); "+
		"%[3]s.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))",
		content, name, field))
}

// TestVisitorAndAgentSendFiles: a visitor pastes a screenshot, the agent opens it, and sends a PDF.
func TestVisitorAndAgentSendFiles(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	ada := w.Person(t, harness.Agent)
	v := visitor(t, desktop, w, "en")
	v.paste(visitorInput, "map.png", screenshot)
	v.until("$$('.tray li').length === 1 && !$('.tray progress') && !$('.tray .error')")
	v.accessible()
	v.say("Is this the right chart?")
	v.until("texts('.state').includes('Sent') && $('.VISITOR .picture img')?.naturalWidth === 640 && $('.tray').hidden")
	if text := eval[string](v, "$('.VISITOR').innerText.trim()"); text != "Is this the right chart?" {
		t.Errorf("the visitor's message: %q", text)
	}
	v.picture("widget-files")
	v.accessible()

	c := signedIn(t, desktop, ada, "/inbox/all/"+conversation(t, w))
	c.until("document.querySelector('.log .picture img')?.naturalWidth === 640")
	c.do("document.querySelector('.log .picture').focus()")
	c.press("Enter", "\r")
	c.until("document.querySelector('[role=dialog] img')?.naturalWidth === 1200")
	if alt := eval[string](c, "document.querySelector('[role=dialog] img').alt"); alt != "Picture: map.png" {
		t.Errorf("the picture is described as %q", alt)
	}
	c.accessible()
	c.picture("console-picture")
	c.press("Escape", "")
	c.until("!document.querySelector('[role=dialog]') && document.activeElement.matches('.picture')")

	c.paste(agentInput, "receipt.pdf", `'%PDF-1.4\n%%EOF'`)
	c.until("document.querySelector('.tray li') && !document.querySelector('.tray progress')")
	c.accessible()
	c.press("Enter", "\r")
	c.until("document.querySelector('.message.own .file') && !document.querySelector('.draft')")
	v.until("$('.USER .file')?.textContent.includes('receipt.pdf') && $('.USER .file').textContent.includes('PDF · ')")
	address := eval[string](v, "$('.USER .file').href")
	w.Public().Do(t, "GET", strings.TrimPrefix(address, harness.Running().URL), nil).Want(t, 200)
	if got := contents(t, w, conversation(t, w)); got != "Is this the right chart? | receipt.pdf" {
		t.Errorf("the conversation: %s", got)
	}
	v.accessible()
	v.quiet()
	c.quiet()
}

// TestRefusedFileSaysWhy: the message isn't sent before the visitor has removed the file.
func TestRefusedFileSaysWhy(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, phone, w, "en")
	for _, refused := range []struct{ content, reason string }{
		{"''", "This file is empty."},
		{"new Uint8Array((10 << 20) + 1)", "This file is too large."}, // the server refuses it
		{"new Uint8Array((25 << 20) + 1)", "This file is too large."}, // it isn't sent
	} {
		v.paste(visitorInput, "log.txt", refused.content)
		v.until("$('.tray .error')?.textContent === '" + refused.reason + "'")
		v.accessible()
		v.press("Enter", "\r")
		v.until("widget().activeElement.ariaLabel === 'Remove log.txt'")
		v.press("Enter", "\r")
		v.until("$('.tray').hidden")
	}
	v.paste(visitorInput, "list.csv", "'a,b'")
	v.until("$('.tray li') && !$('.tray progress')")
	v.press("Enter", "\r")
	v.until("$$('.line').length === 1 && $('.VISITOR .file')?.textContent.includes('CSV')")
	if got := contents(t, w, conversation(t, w)); got != "list.csv" {
		t.Errorf("the conversation: %s", got)
	}
}

// TestFileIsSentOnceAfterADisconnect: the visitor has sent the message while the page was offline.
func TestFileIsSentOnceAfterADisconnect(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.say("one")
	v.until("texts('.state').includes('Sent')")
	v.offline(true)
	v.paste(visitorInput, "map.png", screenshot)
	v.say("two")
	v.until("$('.tray progress') && $$('.line').length === 1")
	v.offline(false)
	v.until("$('.VISITOR .picture') && texts('.state').includes('Sent') && $('.tray').hidden")
	token := conversation(t, w)
	messages := w.Reader().Get(t, "/conversations/"+token).List("messages")
	if got := contents(t, w, token); got != "one | two" || len(messages[1].List("attachments")) != 1 {
		t.Errorf("the conversation: %s", messages)
	}
}
