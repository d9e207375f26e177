package httpkit

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
)

// Redirect is a response that sends the browser to another address. The operation must not take the address from the
// request (open redirect).
type Redirect struct {
	To      string
	Cookies []*http.Cookie
}

// respond writes a Redirect. The address may have secrets, so that no Referer may tell it.
func (to Redirect) respond(w http.ResponseWriter, status int) {
	for _, c := range to.Cookies {
		http.SetCookie(w, c)
	}
	h := w.Header()
	h.Set("Location", to.To)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
}

// Form makes a route read its body as a form (application/x-www-form-urlencoded), with texts as members. It ignores
// unknown members.
func Form(r *route) { r.form, r.lenient = true, true }

// formAsJSON returns a form as a JSON object of its members. A member that is repeated is refused.
func formAsJSON(r *http.Request, body []byte) ([]byte, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, fault.New(fault.UnsupportedMedia, "the body must be application/x-www-form-urlencoded")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "the body must be a form", err)
	}
	members := make(map[string]string, len(form))
	for name, values := range form {
		if len(values) > 1 || !utf8.ValidString(values[0]) {
			return nil, fault.Bad(name, "must be UTF-8 text, once")
		}
		members[name] = values[0]
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("httpkit: encode a form: %w", err)
	}
	return text, nil
}
