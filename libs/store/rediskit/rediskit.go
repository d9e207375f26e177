// Package rediskit is the only package that connects to Redis. Begin with Connect. It has streams that carry a log
// with low latency, a cache, rate limits, and messages to all processes. Redis holds nothing that must not be lost. A
// writer to Redis can forge nothing: stream entries, cache entries and transient events are authenticated, and
// everything else is a hint.
package rediskit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"fivechat.dev/libs/kernel/identity"
)

// Config locates Redis.
type Config struct {
	// URL of Redis: `redis://host:port/db`, `rediss://` with TLS, or `unix:///path/to.sock`. Without it, see "Redis is
	// optional" on this page.
	URL string `env:"REDIS_URL"`
}

// Client is a connection to Redis.
type Client struct {
	r          *redis.Client
	keys       *identity.Keyring // nil: nothing is signed, and nothing verifies
	unverified *prometheus.CounterVec
}

// Connect returns a Client that authenticates content with keys. It doesn't wait for the server.
func Connect(c Config, keys *identity.Keyring) (*Client, error) {
	o, err := redis.ParseURL(c.URL)
	if err != nil {
		if named, is := errors.AsType[*url.Error](err); is { // its text contains the URL with the password
			err = named.Err
		}
		return nil, fmt.Errorf("rediskit: REDIS_URL: %w", err)
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = time.Second, time.Second, time.Second
	o.ContextTimeoutEnabled = true // a caller's shorter deadline applies
	r := redis.NewClient(o)
	r.AddHook(traced{})
	return &Client{r: r, keys: keys, unverified: newUnverified()}, nil
}

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

const forgetChannel = "fivechat:forget"

// Forget makes every process drop key from its cache of that name. It is a hint for freshness: cache entries expire by
// themselves, so a lost message only delays the change.
func (c *Client) Forget(ctx context.Context, cache, key string) error {
	return c.Publish(ctx, forgetChannel, cache+" "+key)
}

// OnForget calls drop for every Forget until ctx ends. After a broken connection it calls drop("", "") once it is
// connected again: messages were lost meanwhile, so everything must be dropped.
func (c *Client) OnForget(ctx context.Context, drop func(cache, key string)) error {
	return c.Subscribe(ctx, forgetChannel, func() { drop("", "") }, func(said string) {
		cache, key, _ := strings.Cut(said, " ")
		drop(cache, key)
	})
}

// Publish sends a message to the current subscribers of a channel. It isn't stored.
func (c *Client) Publish(ctx context.Context, channel, message string) error {
	if err := c.r.Publish(ctx, channel, message).Err(); err != nil {
		return fmt.Errorf("rediskit: %s: %w", channel, err)
	}
	return nil
}

// Subscribe calls receive for every message on a channel, until ctx ends. It calls begun each time it has subscribed,
// at first and after a broken connection: earlier messages were not received.
func (c *Client) Subscribe(ctx context.Context, channel string, begun func(), receive func(string)) error {
	for ctx.Err() == nil {
		sub := c.r.Subscribe(ctx, channel)
		// Reading from Redis doesn't notice that a context ends. Closing the subscription ends it.
		stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
		if _, err := sub.ReceiveTimeout(ctx, silence); err == nil {
			begun()
			listen(ctx, sub, receive)
		}
		if stop() {
			_ = sub.Close() // it is broken
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
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
