package browser

import (
	"context"
	"strings"
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
	c.until("document.querySelector('#person') && document.title.includes('Harbour Books')")
	c.chooseItem("#person", "New website")
	c.until("document.querySelector('[name=websiteName]')")
	c.accessible()
	c.fill("websiteName", "Harbour Café")
	c.fill("url", "https://harbour-cafe.example")
	c.do("document.querySelector('.gate .primary').click()")
	c.until("document.querySelector('.warning code') && document.title.includes('Harbour Café')")
	c.reload()
	c.until("document.title.includes('Harbour Café')")
	c.chooseItem("#person", "Harbour Books")
	c.until("document.title.includes('Harbour Books')")
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
	in.do("document.querySelector('#person').focus()")
	in.press("Enter", "\r")
	in.until("document.querySelector('[role=menu]')")
	if text := eval[string](in, "document.querySelector('[role=menu]').textContent"); strings.Contains(text, "website") {
		t.Errorf("the console offers a website: %s", text)
	}
}
