package browser

import (
	"context"
	"testing"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
)

// TestStrangerCreatesAnAccount walks from the sign-in page to a first website, and to a second one.
func TestStrangerCreatesAnAccount(t *testing.T) {
	t.Parallel()
	settings := system.DefaultSettings()
	settings.SignIn.SignUp = "open"
	s, err := system.Start(t.Context(), system.Options{Settings: &settings, Data: t.TempDir(), Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c := open(t, desktop, s.URL()+"/console")
	c.until("document.querySelector('#sign-up') && document.body.textContent.includes('Forgotten password')")
	c.accessible()
	c.do("document.querySelector('#sign-up').click()")
	c.until("document.querySelector('[name=websiteName]')")
	c.accessible()
	c.fill("websiteName", "Harbour Books")
	c.fill("url", "https://harbour-books.example")
	c.fill("name", "Una Berg")
	c.fill("email", "una@harbour-books.example")
	c.fill("password", harness.Password)
	c.do("document.querySelector('.gate .primary').click()")
	c.until("document.querySelector('#website') && document.title.includes('Harbour Books')")
	c.do("const list = document.querySelector('#website'); list.value = '';" + // at once: the page renders meanwhile
		"list.dispatchEvent(new Event('change', {bubbles: true}))")
	c.until("document.querySelector('[name=websiteName]')")
	c.accessible()
	c.fill("websiteName", "Harbour Café")
	c.fill("url", "https://harbour-cafe.example")
	c.do("document.querySelector('.gate .primary').click()")
	c.until("document.querySelector('.warning code') && document.title.includes('Harbour Café')")
	c.reload()
	c.until("document.querySelector('#website')?.options.length === 3 && document.title.includes('Harbour Café')")
}

// TestClosedSignUp: by default, the console offers neither an account nor a website.
func TestClosedSignUp(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	c := open(t, desktop, w.URL+"/console")
	c.until("document.querySelector('.provider')") // the ways to sign in are known
	if eval[bool](c, "!!document.querySelector('#sign-up')") {
		t.Error("the sign-in page offers an account")
	}
	in := signedIn(t, desktop, w.Person(t, harness.Owner), "#/")
	in.until("document.querySelector('.rail')")
	if eval[bool](in, "!!document.querySelector('#website')") {
		t.Error("the console offers a website")
	}
}
