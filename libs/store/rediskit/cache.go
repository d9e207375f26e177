package rediskit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// A cached value is a hash: v is the version of what it shows, b the value, t when it was put there by Redis' clock, in
// milliseconds, and s the MAC of cache, key, t and b. A change of what it shows leaves the new version without a value, so
// that a process that read before the change puts nothing back.
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

// Cached gives the value of a key in a cache, and whether there is one. A value that does not verify is absent.
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

// Cache keeps the value of a key, which shows a version of something, for at most ttl; a newer version stays.
func (c *Client) Cache(ctx context.Context, cache, key string, version int64, value []byte, ttl time.Duration) error {
	now, err := c.r.Time(ctx).Result()
	if err != nil {
		return fmt.Errorf("rediskit: cache: %w", err)
	}
	put := strconv.FormatInt(now.UnixMilli(), 10)
	code := c.sign(purposeCache, cache, key, put, string(value))
	if err := putNewer.Run(ctx, c.r, []string{cacheKey(cache, key)}, version, value, ttl.Milliseconds(), put, code).Err(); err != nil {
		return fmt.Errorf("rediskit: cache: %w", err)
	}
	return nil
}

// outdatedFor is how long it is remembered that older versions are not to be put back: longer than any request takes.
const outdatedFor = time.Minute

// Outdate drops the value of a key where it shows a version before the given one, of which none is taken any more, and
// tells every process to forget what it remembers of it.
func (c *Client) Outdate(ctx context.Context, cache, key string, version int64) error {
	if err := outdate.Run(ctx, c.r, []string{cacheKey(cache, key)}, version, outdatedFor.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("rediskit: cache: %w", err)
	}
	return c.Forget(ctx, cache, key)
}
