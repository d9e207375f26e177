package rediskit

import (
	"context"
	"strings"
)

// Parsed is a parsed REDIS_URL.
type Parsed struct {
	Kind, Addrs, Primary, User, Password, SentinelUser, SentinelPassword string
	DB                                                                   int
	TLS                                                                  bool
	ServerName                                                           string
}

// Parse parses the URL of c.
func Parse(c Config) (Parsed, error) {
	o, err := parseURL(c.URL)
	if err == nil {
		err = o.secure(c.CA)
	}
	if err != nil {
		return Parsed{}, err
	}
	p, encryption := Parsed{}, o.tls()
	if encryption != nil {
		p.TLS, p.ServerName = true, encryption.ServerName
	}
	switch {
	case o.node != nil:
		p.Kind, p.Addrs, p.User, p.Password, p.DB = "node", o.node.Addr, o.node.Username, o.node.Password, o.node.DB
	case o.sentinel != nil:
		s := o.sentinel
		p.Kind, p.Addrs, p.Primary = "sentinel", strings.Join(s.SentinelAddrs, " "), s.MasterName
		p.User, p.Password, p.DB = s.Username, s.Password, s.DB
		p.SentinelUser, p.SentinelPassword = s.SentinelUsername, s.SentinelPassword
	default:
		p.Kind, p.Addrs = "cluster", strings.Join(o.cluster.Addrs, " ")
		p.User, p.Password = o.cluster.Username, o.cluster.Password
	}
	return p, nil
}

// WatchPrimary watches a primary until ctx ends or it is lost. ping calls connected with the addresses of connections.
func WatchPrimary(ctx context.Context, ping func(connected func(string)) error, lost func()) {
	p := newPrimary()
	p.watch(ctx, p.change(), func(context.Context) error { return ping(p.connected) }, lost)
}
