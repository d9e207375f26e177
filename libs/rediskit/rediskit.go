// Package rediskit is the one door to Redis: connections, and messages that tell every process to forget what it
// caches. Nothing that must not be lost lives there.
package rediskit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Config says where Redis is.
type Config struct {
	URL string `env:"REDIS_URL"` // redis://host:port/db
}

// Client is a connection to Redis.
type Client struct{ r *redis.Client }

// Connect makes a Client; it does not wait for the server.
func Connect(c Config) (*Client, error) {
	o, err := redis.ParseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("rediskit: REDIS_URL: %w", err)
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = time.Second, time.Second, time.Second
	return &Client{redis.NewClient(o)}, nil
}

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
	if err := c.r.Publish(ctx, forgetChannel, cache+" "+key).Err(); err != nil {
		return fmt.Errorf("rediskit: forget: %w", err)
	}
	return nil
}

// OnForget calls drop for every Forget until ctx ends. After a broken line it calls drop("", "") once it is mended:
// what was said in between was not heard, so everything is to be dropped.
func (c *Client) OnForget(ctx context.Context, drop func(cache, key string)) error {
	for ctx.Err() == nil {
		sub := c.r.Subscribe(ctx, forgetChannel)
		// Reading from Redis does not heed a context that ends; closing what is read from does.
		stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
		if _, err := sub.ReceiveTimeout(ctx, silence); err == nil {
			drop("", "")
			listen(ctx, sub, drop)
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

func listen(ctx context.Context, sub *redis.PubSub, drop func(cache, key string)) {
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
			cache, key, _ := strings.Cut(m.Payload, " ")
			drop(cache, key)
		}
	}
}
