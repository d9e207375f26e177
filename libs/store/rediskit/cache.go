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

// cached returns the value of a key, and the time. Redis' clock is that of the node with the key: nodes of a cluster
// have their own.
var cached = redis.NewScript(`
local t = redis.call('TIME')
local found = redis.call('HMGET', KEYS[1], 'b', 't', 's')
return {found[1], found[2], found[3], t[1] * 1000 + math.floor(t[2] / 1000)}`)

// clock returns the time of the node with a key, in milliseconds.
var clock = redis.NewScript(`
local t = redis.call('TIME')
return t[1] * 1000 + math.floor(t[2] / 1000)`)

// Cached is a value from the cache.
type Cached struct {
	Value []byte
	Age   time.Duration
}

func (c *Client) cacheKey(cache, key string) string { return c.name("cache:" + cache + ":" + key) }

// Cached returns the value of a key in a cache, and whether there is one. A value whose MAC is invalid counts as
// absent.
func (c *Client) Cached(ctx context.Context, cache, key string) (Cached, bool, error) {
	fields, err := cached.Run(ctx, c.r, []string{c.cacheKey(cache, key)}).Slice()
	if err != nil {
		return Cached{}, false, fmt.Errorf("rediskit: cache: %w", err)
	}
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
	now, _ := fields[3].(int64)
	return Cached{[]byte(value), time.Duration(now-ms) * time.Millisecond}, true, nil
}

// Cache stores the value of a key for at most ttl. The value shows a version of an object; a newer version isn't
// replaced.
func (c *Client) Cache(ctx context.Context, cache, key string, version int64, value []byte, ttl time.Duration) error {
	keys := []string{c.cacheKey(cache, key)}
	now, err := clock.Run(ctx, c.r, keys).Int64()
	if err != nil {
		return fmt.Errorf("rediskit: cache: %w", err)
	}
	put := strconv.FormatInt(now, 10)
	code := c.sign(purposeCache, cache, key, put, string(value))
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
	keys := []string{c.cacheKey(cache, key)}
	if err := outdate.Run(ctx, c.r, keys, version, outdatedFor.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("rediskit: cache: %w", err)
	}
	return c.Forget(ctx, cache, key)
}
