package rediskit

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// spend takes up to ARGV[3] of the units that a key has left, by the generic cell rate algorithm (ATM Forum, Traffic
// Management 4.0, the virtual scheduling form). The key holds the time, in microseconds, at which everything spent
// will have been refilled. The script returns how much it took, how much is left, and, if it took nothing, after how
// many microseconds one unit is available. A stored time beyond a full refill was written while the clock was ahead,
// and is ignored. The script is written here because the "at most n" of the well-known library charges for fractions
// that it doesn't grant. That adds up for callers at their limit.
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

// Spent is the result of a Spend.
type Spent struct {
	Taken      int           // of the wanted units
	Left       int           // for later calls
	RetryAfter time.Duration // if nothing was taken: the time until one unit is available
}

// Spend takes up to wanted of a key's units. A key has at most requests units, which are refilled evenly over window.
func (c *Client) Spend(ctx context.Context, key string, requests int, window time.Duration, wanted int) (Spent, error) {
	interval := float64(window.Microseconds()) / float64(requests)
	n, err := spend.Run(ctx, c.r, []string{c.name(key)}, requests, interval, wanted).Int64Slice()
	if err != nil || len(n) != 3 {
		return Spent{}, fmt.Errorf("rediskit: spend: %w", err)
	}
	return Spent{int(n[0]), int(n[1]), time.Duration(n[2]) * time.Microsecond}, nil
}

// Heartbeat makes member a member of a group for ttl, and returns the number of members. An entry from a clock that
// was ahead by more than ttl doesn't count until that member's next heartbeat.
func (c *Client) Heartbeat(ctx context.Context, group, member string, ttl time.Duration) (int, error) {
	now, group := time.Now(), c.name(group)
	var members *redis.IntCmd
	_, err := c.r.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.ZAdd(ctx, group, redis.Z{Score: float64(now.UnixMilli()), Member: member})
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
