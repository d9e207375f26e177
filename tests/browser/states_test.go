package browser

import (
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"fivechat.dev/tests/harness"
)

// wording is what visitor and agent write.
type wording struct{ question, answer, thanks string }

var wordings = map[string]wording{
	"en": {
		"Hello! Is the atlas of the North Sea in stock?",
		"Yes, **two copies**:\n\n- the *hardcover*, 48 €\n- the paperback, order `NS-27`\n\nSee https://shop.example/atlas " +
			"or call +49 30 1234567.",
		"Thank you, that was quick! 🎉",
	},
	"ar": {
		"مرحبا! هل أطلس بحر الشمال متوفر؟",
		"نعم، **نسختان**:\n\n- الغلاف *المقوّى*، 48 €\n- الغلاف الورقي، رقم `NS-27`\n\nانظر https://shop.example/atlas " +
			"أو اتصل +49 30 1234567.",
		"شكرا، كان ذلك سريعا! 🎉",
	},
}

var low = size{width: 640, height: 300, phone: true}

// appearance is one way that the widget is shown.
type appearance struct {
	name, language string
	size           size
	forced         bool // forced colours
}

// appearances returns some for the check of accessibility, and all for screenshots.
func appearances(areAll bool) []appearance {
	if !areAll {
		return []appearance{
			{"desktop", "en", desktop, false},
			{"phone-dark", "ar", size{width: 390, height: 844, phone: true, dark: true}, false},
			{"low-dark", "en", size{width: 640, height: 300, dark: true}, false},
			{"400-percent", "ar", size{width: 320, height: 256}, false},
			{"200-percent", "en", size{width: 640, height: 400}, false},
			{"forced-colours", "en", desktop, true},
		}
	}
	var all []appearance
	for name, s := range map[string]size{"desktop": desktop, "phone": phone, "low": low} {
		for theme, isDark := range map[string]bool{"light": false, "dark": true} {
			s.dark = isDark
			for language := range wordings {
				all = append(all, appearance{name + "-" + theme + "-" + language, language, s, false})
			}
		}
	}
	return all
}

// TestEveryStateIsAccessible shows each state of the widget. It checks their accessibility, or takes pictures of them
// if FIVECHAT_SCREENSHOTS names a folder.
func TestEveryStateIsAccessible(t *testing.T) {
	t.Parallel()
	isPictured := os.Getenv("FIVECHAT_SCREENSHOTS") != ""
	for _, a := range appearances(isPictured) {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			at := func(v *window, state string) {
				v.picture(state + "-" + a.name + ".png")
				if isPictured {
					return
				}
				v.accessible()
				v.inside(state)
			}
			states(t, a, at)
		})
	}
}

// states calls at in each state of the widget.
func states(t *testing.T, a appearance, at func(v *window, state string)) {
	said := wordings[a.language]
	w := harness.Running().Website(t, harness.Pro)
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{
		"chatFormFields": `[{"name":"name","required":true},{"name":"email"}]`,
	})
	user := w.NewUser(t)
	w.Writer().Send(t, 200, "PATCH", "/users/"+harness.PathID(user.Int("id")), harness.Map{"name": "Una Berg"})
	v := open(t, a.size, site(t, long(a.language, tag(w.ClientToken))))
	if a.forced {
		send(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "forced-colors", Value: "active"}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
	}
	reply := func(content string) {
		w.Writer().Send(t, 201, "POST", "/conversations/"+conversation(t, w)+"/messages",
			harness.Map{"content": content, "authorId": user.Int("id")})
	}
	v.until("$('.launcher')")
	at(v, "closed")

	v.pressLauncher()
	v.until("$('.form input')")
	v.do("$('.form .primary').click()")
	v.until("$('.error').textContent")
	at(v, "form")
	v.do("$('[name=name]').value = 'Vera'; $('.form .primary').click()")
	v.until("$('.form').hidden && !$('.note').hidden")
	at(v, "away")
	if h := eval[float64](v, "$('.row textarea').clientHeight"); h < 36 {
		t.Errorf("after the form the composer is %v px high", h)
	}

	w.Writer().Do(t, "POST", "/users/"+harness.PathID(user.Int("id"))+"/heartbeat", nil).Want(t, 204)
	v.do("window.fivechat('close')")
	v.reload()
	v.pressLauncher()
	v.until("$('.note') && $('.note').hidden && widget().activeElement === $('.row textarea')")
	at(v, "empty")

	v.say(said.question)
	v.until("$('.VISITOR:not(.sending)')")
	reply(said.answer)
	v.until("texts('.name').includes('Una Berg')")
	v.say(said.thanks)
	v.until("$$('.VISITOR:not(.sending)').length === 2")
	at(v, "conversation")
	v.do("$('.emoji').click()")
	v.until("!$('.emojis').hidden")
	at(v, "emoji")
	v.press("Escape", "")

	v.offline(true)
	v.say(said.thanks)
	v.until("!$('.note').hidden && $('.sending')")
	at(v, "error")
	v.offline(false)
	v.until("$('.note').hidden && $$('.VISITOR:not(.sending)').length === 3")

	v.do("window.fivechat('close')")
	v.until("$('.panel').hidden")
	reply(said.answer)
	v.until("$('.preview .text')")
	at(v, "preview")
	v.do("$('.preview .icon').click()")
	v.until("$('.preview').hidden && !$('.badge').hidden")
	at(v, "badge")

	v.pressLauncher()
	w.Writer().Send(t, 200, "PATCH", "/conversations/"+conversation(t, w), harness.Map{"status": "CLOSED"})
	v.until("$('.stars')")
	v.do("$$('.star')[3].click()")
	v.until("$$('.line').pop().getBoundingClientRect().bottom <= $('.log').getBoundingClientRect().bottom")
	at(v, "ended")
	v.do("$('.end .primary').scrollIntoView()")
	if !eval[bool](v, "$('.end .primary').getBoundingClientRect().bottom <= innerHeight") {
		t.Error("the rating can't be sent")
	}

	v.do("$$('.end .link')[0].click()")
	v.until("!$('.row').hidden && !$('.menu button').hidden")
	v.do("$('.options .icon').click()")
	at(v, "menu")
	if !eval[bool](v, "$$('.menu button').every((e) => e.hidden || (r => r.left >= 0 && r.right <= innerWidth && "+
		"r.bottom <= innerHeight)(e.getBoundingClientRect()))") {
		t.Error("an entry of the menu is outside of the window")
	}
	v.do("$('.menu button').click()")
	v.until("$('.earlier li')")
	at(v, "earlier")
	v.do("$('.earlier li button').click()")
	v.until("$('.earlier .line')")
	at(v, "earlier-conversation")
}
