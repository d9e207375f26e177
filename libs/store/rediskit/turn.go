package rediskit

import (
	"context"
	"time"
)

const (
	turnWithin = 250 * time.Millisecond // how long Take waits for Redis
	maxMissed  = 12                     // intervals without a turn after which a process takes one anyway
)

// Turns shares a periodic check among the processes of an installation, so that one of them makes it in each interval.
// It saves work, and isn't a lock: several processes may have a turn at the same time. It isn't safe for concurrent
// use.
type Turns struct {
	redis    *Client
	task     string
	interval time.Duration
	missed   int // intervals without a turn
}

// Turns returns the turns of a task. Without Redis, a nil Client, every process has every turn.
func (c *Client) Turns(task string, interval time.Duration) *Turns {
	return &Turns{c, task, interval, maxMissed} // a process begins with a turn
}

// Take reports whether this process has the turn. Call it once in each interval. If Redis doesn't respond, or if its
// clock was set back, so that turns don't expire, processes have turns of their own.
func (t *Turns) Take(ctx context.Context) bool {
	if t.redis == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, turnWithin)
	defer cancel()
	// The calls of one process are never exactly an interval apart. Each must find the turn of the one before expired.
	taken, err := t.redis.r.SetNX(ctx, t.redis.name("turn:"+t.task), "", t.interval*9/10).Result()
	if taken || err != nil || t.missed >= maxMissed {
		t.missed = 0
		return true
	}
	t.missed++
	return false
}
