// Package responsecache caches public responses of services in three levels: in the process, in Redis, which all
// gateways share, and at the service.
//
// Begin with Cache.Serve. A response in the process is used for 1 s, one in Redis for 10 s. A service that announces a
// change removes the response from Redis, and each process drops its copy. So a change is visible everywhere within a
// second, even if a process misses the announcement. While the service is unavailable, cached responses are served for
// up to an hour.
//
// Only responses that are the same for every caller belong here. Lookups of callers and websites are in lookupcache.
package responsecache

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/lookupcache"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

// Name is the cache's name in the announcements of the widgets service; their key is the client token.
const Name = "widget"

const (
	sharedFor = 10 * time.Second // without asking the service
	staleFor  = time.Hour
	patience  = 100 * time.Millisecond // the longest wait for Redis
)

var bounds = lookupcache.Bounds{
	Known:      16_384,
	KnownFor:   time.Second,
	Unknown:    8_192,
	UnknownFor: time.Second,
	StaleFor:   staleFor,
}

// Answer is a service's successful response to a GET.
type Answer struct {
	Type    string `json:"type"` // for replicas of the previous version, which serve it; here New states it
	Tag     string `json:"tag"`  // the strong ETag
	Caching string `json:"caching"`
	Body    []byte `json:"body"`
}

// Shared is the cache that all gateways share.
type Shared interface {
	Cached(ctx context.Context, cache, key string) (rediskit.Cached, bool, error)
	Cache(ctx context.Context, cache, key string, version int64, value []byte, ttl time.Duration) error
}

// Ask requests a path from a service. Its error is the service's refusal as a fault.
type Ask func(ctx context.Context, path string) (Answer, error)

// Cache caches the responses of one kind of path.
type Cache struct {
	prefix  string // prefix of the paths; the rest is the key
	media   string // the media type of all responses
	shared  Shared // nil without Redis
	away    rediskit.Absence
	ask     Ask
	lookups *lookupcache.Cache[*ready]
}

// ready is a response with its headers in the form that a ResponseWriter takes.
type ready struct {
	Answer
	media, tag, caching, length []string
}

func (c *Cache) readied(a Answer) *ready {
	return &ready{a, []string{c.media}, []string{a.Tag}, []string{a.Caching}, []string{strconv.Itoa(len(a.Body))}}
}

// New makes a Cache of the paths that begin with prefix. All responses have one media type. shared may be nil.
func New(prefix, media string, shared Shared, lookups *prometheus.CounterVec, ask Ask) (*Cache, error) {
	c := &Cache{prefix: prefix, media: media, shared: shared, ask: ask}
	var err error
	c.lookups, err = lookupcache.New(Name, bounds, lookups, c.fetch)
	return c, err
}

// Serve responds to a GET, or returns the refusal. It reports false if the path isn't one of its own; then the service
// has to respond.
func (c *Cache) Serve(w http.ResponseWriter, r *http.Request) (bool, error) {
	key, within := strings.CutPrefix(r.URL.Path, c.prefix)
	if !within || !publictoken.WellFormed(key) {
		return false, nil
	}
	a, err := c.lookups.Get(r.Context(), key)
	if err != nil {
		return true, err
	}
	h := w.Header()
	h["Etag"], h["Cache-Control"] = a.tag, a.caching
	if httpkit.IsKnown(r, a.Tag) {
		w.WriteHeader(http.StatusNotModified)
		return true, nil
	}
	h["Content-Type"], h["Content-Length"] = a.media, a.length
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.Body) // the client may have disconnected
	}
	return true, nil
}

// Forget forces a new lookup of a key, or of all keys for "".
func (c *Cache) Forget(key string) {
	if key == "" {
		c.lookups.ExpireAll()
		return
	}
	c.lookups.Expire(key)
}

func (c *Cache) fetch(ctx context.Context, key string) (*ready, time.Time, error) {
	old, found := c.common(ctx, key)
	if found && old.age < sharedFor {
		return c.readied(old.Answer), time.Time{}, nil
	}
	a, err := c.ask(ctx, c.prefix+key)
	switch {
	case err == nil:
		c.publish(ctx, key, a)
		return c.readied(a), time.Time{}, nil
	case found && (fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Timeout)):
		return c.readied(old.Answer), time.Time{}, nil
	default:
		return nil, time.Time{}, err
	}
}

type aged struct {
	Answer
	age time.Duration
}

// common reads the shared cache. An entry that can't be read counts as absent.
func (c *Cache) common(ctx context.Context, key string) (a aged, found bool) {
	if c.shared == nil || c.away.Lasts() {
		return a, false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	kept, found, err := c.shared.Cached(ctx, Name, key)
	if err != nil {
		c.away.Begin()
	}
	if !found || !usable(kept.Age) || httpkit.Decode(kept.Value, &a.Answer, false) != nil {
		return a, false
	}
	a.age = kept.Age
	return a, true
}

// usable reports whether a response of this age may be served. A negative age beyond the differences of clocks is
// forged.
func usable(age time.Duration) bool { return age > -sharedFor && age < staleFor }

// publish stores a response in Redis for all gateways, under the version at the start of its ETag.
func (c *Cache) publish(ctx context.Context, key string, a Answer) {
	r, err := version.OfTag(a.Tag)
	if err != nil || c.shared == nil || c.away.Lasts() {
		return
	}
	a.Type = c.media
	value, err := httpkit.Encode(a)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.shared.Cache(ctx, Name, key, r.Version, value, staleFor); err != nil {
		c.away.Begin()
	}
}
