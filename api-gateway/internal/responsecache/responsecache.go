// Package responsecache caches public responses of services at two levels: in the process, and in Redis, which all
// gateways share.
//
// A response in the process is used for a second, one in Redis for ten. A service that announces a change invalidates its
// responses at once. So a change shows everywhere within a second, even if the invalidation was lost. If the service is
// unavailable, old responses are served for an hour (stale-if-error).
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

// Name is the name under which the widgets service says which answers to forget; the key is the client token.
const Name = "widget"

const (
	sharedFor = 10 * time.Second // without asking the service
	staleFor  = time.Hour
	patience  = 100 * time.Millisecond // with a Redis that does not answer
)

var bounds = lookupcache.Bounds{
	Known:      16_384,
	KnownFor:   time.Second,
	Unknown:    8_192,
	UnknownFor: time.Second,
	StaleFor:   staleFor,
}

// Answer is a service's answer to a GET that succeeded.
type Answer struct {
	Type    string `json:"type"` // for replicas of before, which serve it; here New says it
	Tag     string `json:"tag"`  // its strong ETag
	Caching string `json:"caching"`
	Body    []byte `json:"body"`
}

// Shared is where all edges keep answers.
type Shared interface {
	Cached(ctx context.Context, cache, key string) (rediskit.Cached, bool, error)
	Cache(ctx context.Context, cache, key string, version int64, value []byte, ttl time.Duration) error
}

// Ask has a service answer a path. Its error is the service's refusal as a fault.
type Ask func(ctx context.Context, path string) (Answer, error)

// Cache keeps the answers of one kind of path.
type Cache struct {
	prefix  string // of the paths; what follows is the key
	media   string // the media type of every answer
	shared  Shared // nil: there is none
	away    rediskit.Absence
	ask     Ask
	lookups *lookupcache.Cache[*ready]
}

// ready is an answer with its headers as a ResponseWriter takes them.
type ready struct {
	Answer
	media, tag, caching, length []string
}

func (c *Cache) readied(a Answer) *ready {
	return &ready{a, []string{c.media}, []string{a.Tag}, []string{a.Caching}, []string{strconv.Itoa(len(a.Body))}}
}

// New makes a Cache of the paths that begin with prefix, whose answers are all of one media type, over shared, nil for none.
func New(prefix, media string, shared Shared, lookups *prometheus.CounterVec, ask Ask) (*Cache, error) {
	c := &Cache{prefix: prefix, media: media, shared: shared, ask: ask}
	var err error
	c.lookups, err = lookupcache.New(Name, bounds, lookups, c.fetch)
	return c, err
}

// Serve answers a GET, or gives the refusal. It says false where the path is none of its own, which is then for the
// service to refuse.
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
	if httpkit.Known(r, a.Tag) {
		w.WriteHeader(http.StatusNotModified)
		return true, nil
	}
	h["Content-Type"], h["Content-Length"] = a.media, a.length
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.Body) // a disconnected client gets nothing
	}
	return true, nil
}

// Forget removes the response of a key from the cache; all of them for "".
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

// common looks into what is shared; what cannot be read is not there.
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

// usable reports whether an answer of this age may be served. A negative age, beyond what clocks differ by, was made up.
func usable(age time.Duration) bool { return age > -sharedFor && age < staleFor }

// publish stores an answer in Redis, where all gateways find it, by the revision that its tag begins with.
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
