package runner

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// AdminAccess says what the admin listener answers, and to which hosts.
type AdminAccess struct {
	// Further host names that the admin listener accepts. It always accepts loopback names, IP addresses and the name of
	// its machine; other names get 421.
	Hosts []string `env:"FIVECHAT_ADMIN_HOSTS"`
	// Serve `/debug/pprof` on the admin listener.
	Profiles bool `env:"FIVECHAT_PPROF"`
}

// Guard refuses requests whose Host is none of the listener's own with 421. The admin listener asks for no credential, so a
// page of any website could otherwise read it through a name that resolves to the listener's address (DNS rebinding).
func (a AdminAccess) Guard(next http.Handler) http.Handler {
	own, _ := os.Hostname() // without one, the host has no name to be called by
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !a.allows(req.Host, own) {
			http.Error(w, "the admin listener answers to loopback names, IP addresses, its machine's name and FIVECHAT_ADMIN_HOSTS only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, req)
	})
}

// allows reports whether a Host is a loopback name, an IP address (which no name can be made to resolve to), the machine's
// own name, or one of Hosts.
func (a AdminAccess) allows(host, own string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	is := func(name string) bool { return name != "" && strings.EqualFold(host, name) }
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || is(own) || slices.ContainsFunc(a.Hosts, is)
}
