package rediskit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// A cached value is a hash: v is the version of the object that it shows, b the value, t when it was put there by
// Redis' clock, in milliseconds, and s the MAC of cache, key, t and b. A change of the object leaves the new version
// without a value, so that a process that read the object before the change can't put the old value back.
var putNewer = redis.NewScript(`
local known = tonumber(redis.call('HGET', KEYS[1], 'v') or -1)
if known > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'b', ARGV[2], 't', ARGV[4], 's', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`)

var outdate = redis.NewScript(`
local known = tonumber(redis.call('HGET', KEYS[1], 'v') or -1)
if known >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'v', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`)

// Cached is a value from the cache.
type Cached struct {
	Value []byte
	Age   time.Duration
}

func cacheKey(cache, key string) string { return "fivechat:cache:" + cache + ":" + key }

// Cached returns the value of a key in a cache, and whether there is one. A value whose MAC is invalid counts as
// absent.
func (c *Client) Cached(ctx context.Context, cache, key string) (Cached, bool, error) {
	p := c.r.Pipeline()
	values, clock := p.HMGet(ctx, cacheKey(cache, key), "b", "t", "s"), p.Time(ctx)
	if _, err := p.Exec(ctx); err != nil {
		return Cached{}, false, fmt.Errorf("rediskit: cache: %w", err)
	}
	fields := values.Val()
	value, ok := fields[0].(string)
	if !ok {
		return Cached{}, false, nil
	}
	put, _ := fields[1].(string)
	code, _ := fields[2].(string)
	if !c.verified(code, purposeCache, cache, key, put, value) {
		return Cached{}, false, nil
	}
	ms, err := strconv.ParseInt(put, 10, 64)
	if err != nil {
		return Cached{}, false, fmt.Errorf("rediskit: cache: a value without its time: %w", err)
	}
	return Cached{[]byte(value), clock.Val().Sub(time.UnixMilli(ms))}, true, nil
}

// Cache stores the value of a key for at most ttl. The value shows a version of an object; a newer version isn't
// replaced.
func (c *Client) Cache(ctx context.Context, cache, key string, version int64, value []byte, ttl time.Duration) error {
	now, err := c.r.Time(ctx).Result()
	if err != nil {
		return fmt.Errorf("rediskit: cache: %w", err)
	}
	put := strconv.FormatInt(now.UnixMilli(), 10)
	code := c.sign(purposeCache, cache, key, put, string(value))
	keys := []string{cacheKey(cache, key)}
	err = putNewer.Run(ctx, c.r, keys, version, value, ttl.Milliseconds(), put, code).Err()
	if err != nil {
		return fmt.Errorf("rediskit: cache: %w", err)
	}
	return nil
}

// outdatedFor is how long older versions are refused after a change: longer than any request takes.
const outdatedFor = time.Minute

// Outdate removes the value of a key if it shows an older version than the given one, and refuses older versions from
// then on. It makes every process drop the key from its own cache.
func (c *Client) Outdate(ctx context.Context, cache, key string, version int64) error {
	keys := []string{cacheKey(cache, key)}
	if err := outdate.Run(ctx, c.r, keys, version, outdatedFor.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("rediskit: cache: %w", err)
	}
	return c.Forget(ctx, cache, key)
}
