package runner

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// AdminAccess configures the admin listener: the hosts that it accepts, and whether it serves profiles.
type AdminAccess struct {
	// Further host names that the admin listener accepts. It always accepts loopback names, IP addresses and the name
	// of its machine; other names get 421.
	Hosts []string `env:"FIVECHAT_ADMIN_HOSTS"`
	// Serve `/debug/pprof` on the admin listener.
	Profiles bool `env:"FIVECHAT_PPROF"`
}

// Guard answers 421 to a request whose Host isn't one of the listener's own names. The admin listener needs no
// credential. Without this check, a page of any website could read it through a name that resolves to the listener's
// address (DNS rebinding).
func (a AdminAccess) Guard(next http.Handler) http.Handler {
	own, _ := os.Hostname() // on an error there is no machine name to accept
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !a.allows(req.Host, own) {
			http.Error(w, "the admin listener answers to loopback names, IP addresses, its machine's name and "+
				"FIVECHAT_ADMIN_HOSTS only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, req)
	})
}

// allows reports whether a Host is a loopback name, an IP address (to which an attacker can't make a name resolve),
// the machine's own name, or one of Hosts.
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
