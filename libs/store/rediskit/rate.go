package rediskit

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// spend takes up to ARGV[3] of what a key may still spend, by the generic cell rate algorithm (ATM Forum, Traffic
// Management 4.0, the virtual scheduling form): the key holds the time, in microseconds, at which all that was spent will
// have come back. It answers how much was taken, how much is left, and, where nothing was, after how many microseconds
// there is one. A time further ahead than all of it takes was written when the clock was ahead, and says nothing. It is written
// here because the well-known library's "at most n" charges for fractions that it does not grant, which adds up for
// who stands at the limit.
var spend = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local burst, interval, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local spent = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
if spent > now + burst * interval + 1000 then spent = now end
local left = math.floor((now + burst * interval - spent) / interval + 0.000001)
local taken = math.min(left, wanted)
if taken < 1 then
  return {0, 0, math.ceil(spent + interval - now - burst * interval)}
end
spent = spent + taken * interval
redis.call('SET', KEYS[1], string.format('%.0f', spent), 'PX', math.ceil((spent - now) / 1000) + 1)
return {taken, left - taken, 0}`)

// Spent is what a Spend took.
type Spent struct {
	Taken      int           // of what was wanted
	Left       int           // for who comes next
	RetryAfter time.Duration // where nothing was taken: until there is one
}

// Spend takes up to wanted of the requests that key may make: at most requests at once, which come back evenly within
// window.
func (c *Client) Spend(ctx context.Context, key string, requests int, window time.Duration, wanted int) (Spent, error) {
	interval := float64(window.Microseconds()) / float64(requests)
	n, err := spend.Run(ctx, c.r, []string{key}, requests, interval, wanted).Int64Slice()
	if err != nil || len(n) != 3 {
		return Spent{}, fmt.Errorf("rediskit: spend: %w", err)
	}
	return Spent{int(n[0]), int(n[1]), time.Duration(n[2]) * time.Microsecond}, nil
}

// Heartbeat makes who a member of a group for ttl, and returns the number of members. An entry from a clock that was ahead
// by more than ttl doesn't count, until that member's next heartbeat.
func (c *Client) Heartbeat(ctx context.Context, group, who string, ttl time.Duration) (int, error) {
	now := time.Now()
	var members *redis.IntCmd
	_, err := c.r.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.ZAdd(ctx, group, redis.Z{Score: float64(now.UnixMilli()), Member: who})
		p.ZRemRangeByScore(ctx, group, "-inf", fmt.Sprint(now.Add(-ttl).UnixMilli()))
		p.ZRemRangeByScore(ctx, group, fmt.Sprint("(", now.Add(ttl).UnixMilli()), "+inf")
		members = p.ZCard(ctx, group)
		p.PExpire(ctx, group, 2*ttl)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("rediskit: %s: %w", group, err)
	}
	return int(members.Val()), nil
}
