// Package rediskit is the only package that connects to Redis: streams that carry a log quickly, a cache, rate limits, and
// messages to every process that listens. Nothing that must not be lost lives there, and whoever can write to Redis can
// forge nothing: stream entries, cache entries and transient events are authenticated, everything else is a hint.
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

// Config says where Redis is.
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

// Connect makes a Client whose content is authenticated with keys; it does not wait for the server.
func Connect(c Config, keys *identity.Keyring) (*Client, error) {
	o, err := redis.ParseURL(c.URL)
	if err != nil {
		if named, is := errors.AsType[*url.Error](err); is { // it repeats the whole URL, with the password
			err = named.Err
		}
		return nil, fmt.Errorf("rediskit: REDIS_URL: %w", err)
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = time.Second, time.Second, time.Second
	o.ContextTimeoutEnabled = true // who waits less says so
	r := redis.NewClient(o)
	r.AddHook(traced{})
	return &Client{r: r, keys: keys, unverified: newUnverified()}, nil
}

// silent keeps go-redis from writing lines of its own to standard error. What they say comes back as errors too.
type silent struct{}

// Printf does nothing.
func (silent) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(silent{}) }

// Ping says whether Redis answers.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.r.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}

// Close ends all connections.
func (c *Client) Close() error { return c.r.Close() }

const forgetChannel = "fivechat:forget"

// Forget tells every process that listens to drop key from its cache of that name. It is a hint for speed: a cache also
// expires by itself, so a lost message delays, and breaks nothing.
func (c *Client) Forget(ctx context.Context, cache, key string) error {
	return c.Publish(ctx, forgetChannel, cache+" "+key)
}

// OnForget calls drop for every Forget until ctx ends. After a broken line it calls drop("", "") once it is mended:
// what was said in between was not heard, so everything is to be dropped.
func (c *Client) OnForget(ctx context.Context, drop func(cache, key string)) error {
	return c.Subscribe(ctx, forgetChannel, func() { drop("", "") }, func(said string) {
		cache, key, _ := strings.Cut(said, " ")
		drop(cache, key)
	})
}

// Publish sends a message to the current subscribers of a channel. It isn't stored.
func (c *Client) Publish(ctx context.Context, channel, what string) error {
	if err := c.r.Publish(ctx, channel, what).Err(); err != nil {
		return fmt.Errorf("rediskit: %s: %w", channel, err)
	}
	return nil
}

// Subscribe calls heard for every message on a channel, until ctx ends. It calls begun whenever it has subscribed,
// at first and after a broken line: what was said before that was not heard.
func (c *Client) Subscribe(ctx context.Context, channel string, begun func(), heard func(string)) error {
	for ctx.Err() == nil {
		sub := c.r.Subscribe(ctx, channel)
		// Reading from Redis does not heed a context that ends; closing what is read from does.
		stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
		if _, err := sub.ReceiveTimeout(ctx, silence); err == nil {
			begun()
			listen(ctx, sub, heard)
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

// silence is for how long a line may be quiet before it is asked for a sign of life, and then before it is given up:
// nothing else tells a line that broke without a word from one on which nothing is said.
const silence = time.Second

func listen(ctx context.Context, sub *redis.PubSub, heard func(string)) {
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
			heard(m.Payload)
		}
	}
}
