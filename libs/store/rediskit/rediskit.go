// Package rediskit is the only package that connects to Redis: to one server, to the primary that sentinels name, or to
// a cluster. Begin with Connect. It has streams that carry a log with low latency, a cache, rate limits, and messages
// to all processes. Redis holds nothing that must not be lost. A writer to Redis can forge nothing: stream entries,
// cache entries and transient events are authenticated, and everything else is a hint.
//
// Names of keys, streams, groups and channels are relative to the client's namespace. Every script, pipeline and
// transaction uses one key, so all of them work in a cluster, and no key needs a hash tag.
package rediskit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"fivechat.dev/libs/kernel/identity"
)

// Config locates Redis.
type Config struct {
	// URL of Redis: `redis://host:port/db` for one server, `redis+sentinel://host,host/primary/db` for the primary that
	// sentinels name, `redis+cluster://host,host` for a cluster; `rediss` for TLS. See "The URL of Redis" on this page.
	// Without it, components work without Redis, and `fivechat run` uses an embedded one.
	URL string `env:"REDIS_URL"`
	// PEM certificates of the authorities that signed the certificates of Redis and its sentinels, instead of the
	// system's. Set `REDIS_CA_FILE` to the path of a file.
	CA string `env:"REDIS_CA"`
	// Prefix of all keys, streams and channels in Redis: 1 to 64 letters, digits and `-_.:`; `fivechat` if it is empty.
	// Installations that share a Redis need different ones.
	Namespace string `env:"REDIS_NAMESPACE"`
}

// Client is a connection to Redis. It is safe for concurrent use.
type Client struct {
	r          redis.UniversalClient
	primary    *primary // nil without Sentinel
	namespace  string
	timeout    time.Duration     // of a response
	keys       *identity.Keyring // nil: nothing is signed, and nothing verifies
	unverified *prometheus.CounterVec
}

// Connect returns a Client that authenticates content with keys. It doesn't wait for the server. Its errors name the
// variable, and contain no part of the URL.
func Connect(c Config, keys *identity.Keyring) (*Client, error) {
	namespace, err := parseNamespace(c.Namespace)
	if err != nil {
		return nil, fmt.Errorf("rediskit: %w", err)
	}
	o, err := parseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("rediskit: %w", err)
	}
	if err := o.secure(c.CA); err != nil {
		return nil, fmt.Errorf("rediskit: %w", err)
	}
	r := o.open()
	r.AddHook(traced{})
	client := &Client{r: r, namespace: namespace, timeout: *o.timeouts()[1], keys: keys, unverified: newUnverified()}
	if cluster, is := r.(*redis.ClusterClient); is {
		r.AddHook(reloading{cluster})
	}
	if o.sentinel != nil {
		client.primary = newPrimary()
		r.AddHook(client.primary)
	}
	return client, nil
}

// name returns the name in Redis of a key, stream, group or channel.
func (c *Client) name(relative string) string { return c.namespace + ":" + relative }

// silent stops go-redis from writing to standard error. It returns the same information as errors.
type silent struct{}

// Printf does nothing.
func (silent) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(silent{}) }

// Ping reports whether Redis responds.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.r.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}

// Close ends all connections.
func (c *Client) Close() error { return c.r.Close() }

const forgetChannel = "forget"

// Forget makes every process drop key from its cache of that name. It is a hint for freshness: cache entries expire by
// themselves, so a lost message only delays the change.
func (c *Client) Forget(ctx context.Context, cache, key string) error {
	return c.Publish(ctx, forgetChannel, cache+" "+key)
}

// OnForget calls drop for every Forget until ctx ends. After a broken connection it calls drop("", "") once it is
// connected again: messages were lost meanwhile, so everything must be dropped.
func (c *Client) OnForget(ctx context.Context, drop func(cache, key string)) error {
	return c.Subscribe(ctx, forgetChannel, func(subscribed bool) {
		if subscribed {
			drop("", "")
		}
	}, func(said string) {
		cache, key, _ := strings.Cut(said, " ")
		drop(cache, key)
	})
}

// Publish sends a message to the current subscribers of a channel. It isn't stored.
func (c *Client) Publish(ctx context.Context, channel, message string) error {
	if err := c.r.Publish(ctx, c.name(channel), message).Err(); err != nil {
		return fmt.Errorf("rediskit: %s: %w", channel, err)
	}
	return nil
}

// Subscribe calls receive for every message on a channel, until ctx ends. It calls changed with true each time it has
// subscribed, at first and after a broken connection: earlier messages were not received. It calls changed with false
// when the connection breaks.
func (c *Client) Subscribe(
	ctx context.Context, channel string, changed func(subscribed bool), receive func(string),
) error {
	for ctx.Err() == nil {
		c.subscribeOnce(ctx, channel, changed, receive)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

// subscribeOnce returns when the connection breaks, when Sentinel names another primary, or when ctx ends.
func (c *Client) subscribeOnce(
	ctx context.Context, channel string, changed func(subscribed bool), receive func(string),
) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if c.primary != nil {
		go c.primary.watch(ctx, c.primary.change(), c.Ping, cancel)
	}
	sub := c.r.Subscribe(ctx, c.name(channel))
	// Reading from Redis doesn't notice that a context ends. Closing the subscription ends it.
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	if _, err := sub.ReceiveTimeout(ctx, silence); err == nil {
		changed(true)
		listen(ctx, sub, receive)
		changed(false)
	}
	if stop() {
		_ = sub.Close() // it is broken
	}
}

// silence is how long a connection may be quiet before it is pinged, and how long the ping may take. Nothing else
// distinguishes a broken connection from one without messages.
const silence = time.Second

func listen(ctx context.Context, sub *redis.PubSub, receive func(string)) {
	asked := false
	for {
		said, err := sub.ReceiveTimeout(ctx, silence)
		var quiet net.Error
		switch {
		case errors.As(err, &quiet) && quiet.Timeout() && !asked:
			if sub.Ping(ctx) != nil {
				return
			}
			asked = true
			continue
		case err != nil:
			return
		}
		asked = false
		if m, ok := said.(*redis.Message); ok {
			receive(m.Payload)
		}
	}
}
