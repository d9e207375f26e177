package pages

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"os"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/transport/httpkit"
)

// people is the path of the demo's people. The console's sign-in page has a button for each.
const people = "/demo/people.json"

// person can sign in at the demo's console.
type person struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Role     string `json:"role"`
}

// servePeople responds with the people of the demo's file, of which nothing else leaves the process. It returns
// NotFound if there is no such file, or if the request isn't from a browser on this machine.
func (p *Pages) servePeople(w http.ResponseWriter, r *http.Request) error {
	if p.people == "" || !isLocal(r) {
		return fault.Missing("path")
	}
	text, err := os.ReadFile(p.people)
	if err != nil {
		return fault.Missing("path")
	}
	var demo struct {
		People []person `json:"people"`
	}
	if err := json.Unmarshal(text, &demo); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return httpkit.WriteJSON(w, http.StatusOK, demo)
}

// sentMail is the path of the demo's sent mails.
const sentMail = "/demo/mail"

// ShowMail sets the page of the demo's sent mails. Call it before the first request.
func (p *Pages) ShowMail(page http.Handler) { p.mail = page }

// serveMail responds with the demo's sent mails. It returns NotFound if there is no such page, or if the request isn't
// from a browser on this machine.
func (p *Pages) serveMail(w http.ResponseWriter, r *http.Request) error {
	if p.mail == nil || !isLocal(r) {
		return fault.Missing("path")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", policy)
	p.mail.ServeHTTP(w, r)
	return nil
}

// isLocal reports whether a request comes from this machine, through no proxy, and names this machine: a foreign name
// that resolves to it (DNS rebinding) would let any page read the response.
func isLocal(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	named, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && named.IsLoopback()
}
