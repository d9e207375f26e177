package rediskit

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// REDIS_URL is one of these. With rediss instead of redis, all connections use TLS, those to sentinels too.
//
//	redis://[user:password@]host[:6379][/db]
//	unix://[user:password@]/path/to.sock[?db=1]
//	redis+sentinel://[user:password@]host[:26379],…/primary[/db]
//	redis+cluster://[user:password@]host[:6379],…
//
// User and password are those of the Redis servers. The options sentinel_username and sentinel_password are those of
// the sentinels. Every other option is one of go-redis. An error never contains a part of the URL, because an unescaped
// character of a password can move it to any part.
var errURL = errors.New("REDIS_URL is none of redis://user:password@host:port/db, unix:///path/to.sock, " +
	"redis+sentinel://user:password@host:port,host:port/primary/db or redis+cluster://user:password@host:port,host:port " +
	"(rediss for TLS), or has an unknown option; characters like / ? # @ of a password must be percent-encoded")

// elsewhere are options of go-redis that have another place in the URL, or that would read from replicas, which may be
// behind.
var elsewhere = []string{
	"addr", "master_name", "password", "read_only", "replica_only", "route_by_latency", "route_by_latency_tolerance",
	"route_randomly", "use_disconnected_replicas", "username",
}

// options are those of one kind of client. The others are nil.
type options struct {
	node     *redis.Options
	sentinel *redis.FailoverOptions
	cluster  *redis.ClusterOptions
}

// parseURL parses a REDIS_URL. Timeouts and TLS of its options are still those of the URL.
func parseURL(text string) (options, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	base, mode, several := strings.Cut(scheme, "+")
	if !several {
		return parseNode(text, rest)
	}
	if base != "redis" && base != "rediss" {
		return options{}, errURL
	}
	switch mode {
	case "sentinel":
		return parseSentinel(base, rest)
	case "cluster":
		return parseCluster(base, rest)
	}
	return options{}, errURL
}

func parseNode(text, rest string) (options, error) {
	authority, _ := splitAuthority(rest)
	if strings.Contains(authority, ",") {
		return options{}, errors.New("REDIS_URL: several addresses need redis+sentinel:// or redis+cluster://")
	}
	o, err := redis.ParseURL(text)
	if err != nil {
		return options{}, errURL
	}
	return options{node: o}, nil
}

func parseSentinel(base, rest string) (options, error) {
	u, hosts, err := parseSeveral(base, rest, "26379")
	if err != nil {
		return options{}, err
	}
	primary, db, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if primary == "" {
		return options{}, errors.New("REDIS_URL: the path of redis+sentinel:// is the name of the primary that the " +
			"sentinels monitor, as in redis+sentinel://host:26379,host:26379/mymaster/0")
	}
	if n, err := strconv.Atoi(cmp.Or(db, "0")); err != nil || n < 0 {
		return options{}, errors.New("REDIS_URL: the database after the primary's name isn't a number")
	}
	q := u.Query()
	q["addr"] = hosts[1:]
	q.Set("master_name", primary)
	q.Set("username", u.User.Username())
	if password, set := u.User.Password(); set {
		q.Set("password", password)
	}
	u.User = url.UserPassword(q.Get("sentinel_username"), q.Get("sentinel_password"))
	q.Del("sentinel_username")
	q.Del("sentinel_password")
	u.Path, u.RawQuery = db, q.Encode()
	o, err := redis.ParseFailoverURL(u.String())
	if err != nil {
		return options{}, errURL
	}
	return options{sentinel: o}, nil
}

func parseCluster(base, rest string) (options, error) {
	u, hosts, err := parseSeveral(base, rest, "6379")
	if err != nil {
		return options{}, err
	}
	if db := strings.Trim(u.Path, "/"); db != "" && db != "0" {
		return options{}, errors.New("REDIS_URL: a cluster has no databases but 0")
	}
	q := u.Query()
	q["addr"] = hosts[1:]
	u.Path, u.RawQuery = "", q.Encode()
	o, err := redis.ParseClusterURL(u.String())
	if err != nil {
		return options{}, errURL
	}
	return options{cluster: o}, nil
}

// parseSeveral parses what follows "://" in a URL with several addresses. It returns the addresses, each with a port,
// and the URL of the first. net/url refuses a list of addresses.
func parseSeveral(base, rest, port string) (*url.URL, []string, error) {
	authority, tail := splitAuthority(rest)
	user, list := "", authority
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, list = authority[:at+1], authority[at+1:]
	}
	var hosts []string
	for host := range strings.SplitSeq(list, ",") {
		u, err := url.Parse("redis://" + host)
		if err != nil || u.Host != host || u.Hostname() == "" {
			return nil, nil, fmt.Errorf("REDIS_URL: address %d isn't host:port", len(hosts)+1)
		}
		hosts = append(hosts, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
	}
	u, err := url.Parse(base + "://" + user + hosts[0] + tail)
	if err != nil || u.Fragment != "" {
		return nil, nil, errURL
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return nil, nil, errURL
	}
	for _, name := range elsewhere {
		if u.Query().Has(name) {
			return nil, nil, fmt.Errorf("REDIS_URL: the option %s isn't supported", name)
		}
	}
	return u, hosts, nil
}

// splitAuthority splits what follows "://" before the path, the options or the fragment.
func splitAuthority(rest string) (authority, tail string) {
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		return rest[:end], rest[end:]
	}
	return rest, ""
}

// The bounds of the options dial_timeout, read_timeout and write_timeout, and their default. A command that waits
// longer counts as failed: its caller works without Redis.
const (
	defaultTimeout = time.Second
	leastTimeout   = 100 * time.Millisecond
	mostTimeout    = 10 * time.Second
)

// timeouts returns where the options have dial_timeout, read_timeout and write_timeout.
func (o options) timeouts() [3]*time.Duration {
	switch {
	case o.node != nil:
		return [...]*time.Duration{&o.node.DialTimeout, &o.node.ReadTimeout, &o.node.WriteTimeout}
	case o.sentinel != nil:
		return [...]*time.Duration{&o.sentinel.DialTimeout, &o.sentinel.ReadTimeout, &o.sentinel.WriteTimeout}
	}
	return [...]*time.Duration{&o.cluster.DialTimeout, &o.cluster.ReadTimeout, &o.cluster.WriteTimeout}
}

// tls returns the TLS settings, or nil without TLS.
func (o options) tls() *tls.Config {
	switch {
	case o.node != nil:
		return o.node.TLSConfig
	case o.sentinel != nil:
		return o.sentinel.TLSConfig
	}
	return o.cluster.TLSConfig
}

// secure bounds the timeouts, and makes clients verify certificates with the authorities in ca, PEM certificates, or
// with the system's if it is empty.
func (o options) secure(ca string) error {
	encryption := o.tls()
	for i, d := range o.timeouts() {
		if *d = cmp.Or(*d, defaultTimeout); *d < leastTimeout || *d > mostTimeout {
			name := []string{"dial_timeout", "read_timeout", "write_timeout"}[i]
			return fmt.Errorf("REDIS_URL: %s isn't between %v and %v", name, leastTimeout, mostTimeout)
		}
	}
	if encryption == nil && ca != "" {
		return errors.New("REDIS_CA needs a REDIS_URL with TLS, whose scheme begins with rediss")
	}
	if encryption == nil {
		return nil
	}
	encryption.MinVersion = tls.VersionTLS12
	if o.node == nil {
		encryption.ServerName = "" // each server's certificate has its own name
	}
	if ca == "" {
		return nil
	}
	encryption.RootCAs = x509.NewCertPool()
	if !encryption.RootCAs.AppendCertsFromPEM([]byte(ca)) {
		return errors.New("REDIS_CA contains no PEM certificate; REDIS_CA_FILE names a file with some")
	}
	return nil
}

// dials is how often a command tries to connect before it is tried again itself, maybe at another server. With the five
// times of go-redis a command waits for seconds for a server that is dead.
const dials = 1

// open returns a client that applies the deadlines of its callers. It doesn't connect yet.
func (o options) open() redis.UniversalClient {
	switch {
	case o.node != nil:
		o.node.ContextTimeoutEnabled, o.node.DialerRetries = true, dials
		return redis.NewClient(o.node)
	case o.sentinel != nil:
		o.sentinel.ContextTimeoutEnabled, o.sentinel.DialerRetries = true, dials
		return redis.NewFailoverClient(o.sentinel)
	}
	o.cluster.ContextTimeoutEnabled, o.cluster.DialerRetries = true, dials
	return redis.NewClusterClient(o.cluster)
}

// namespaceChars are the characters of a namespace. Braces would be a hash tag: all keys would be on one node.
const namespaceChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:"

const (
	defaultNamespace = "fivechat"
	maxNamespace     = 64 // bytes: it is part of every key
)

// parseNamespace returns the namespace of a REDIS_NAMESPACE.
func parseNamespace(text string) (string, error) {
	outside := slices.ContainsFunc([]rune(text), func(r rune) bool { return !strings.ContainsRune(namespaceChars, r) })
	if outside || len(text) > maxNamespace {
		return "", fmt.Errorf("REDIS_NAMESPACE isn't letters, digits and any of -_.: with at most %d characters",
			maxNamespace)
	}
	return cmp.Or(text, defaultNamespace), nil
}
