package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fivechat.dev/tests/alone"
	"fivechat.dev/tests/load/mix"
)

// The sizes of what is measured. A block of either takes some hundredths of a second of a processor: enough to count, and
// short enough to take turns. They are numbers, not lengths, so that each run does the same.
const (
	ofSystem = 60    // requests in a block
	ofCache  = 2_000 // of what the edge answers by itself
	ofBare   = 1_000
	clients  = 4 // that ask at once
)

// size is the town's: large enough that what is written meanwhile changes little of what is read.
var size = mix.Size{Conversations: 500, Chats: 500, Tickets: 300}

// The bounds of waiting for what goes on behind the answers: events, counters, summaries.
const (
	look      = 10 * time.Millisecond
	quietWait = time.Second
)

// course is how operations are measured.
type course struct {
	binary string
	rounds int
}

// pair is the system and the handler, in processes of their own.
type pair struct {
	town   *mix.Town
	system *alone.System
	bare   *alone.Process
	at     string  // the handler's address
	idle   float64 // processors that the system uses while nobody asks
}

// measure starts a fresh system and a bare handler, and measures operations in turn, round for round.
func (c course) measure(ctx context.Context, operations []string) (costs map[string]cost, err error) {
	dir, err := os.MkdirTemp("", "fivechat-cost-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := alone.Start(ctx, c.binary, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	town, err := mix.Settle(ctx, mix.Place{URL: s.Demo.URL, Token: s.Demo.Websites[0].Tokens["READ_WRITE"], Bound: clients}, "", size)
	if err != nil {
		return nil, err
	}
	mixes, unknown := mix.Find(strings.Join(operations, ","))
	if unknown != "" {
		return nil, fmt.Errorf("there is no operation %q", unknown)
	}
	p := &pair{town: town, system: s}
	if err := p.handler(ctx, dir, mixes); err != nil {
		return nil, err
	}
	defer func() { _ = p.bare.Stop() }() // it knows no other end than being told
	subjects := make([]*subject, len(mixes))
	for i, m := range mixes {
		if subjects[i], err = p.subject(m); err != nil {
			return nil, err
		}
	}
	if err := p.rest(ctx); err != nil {
		return nil, err
	}
	costs = map[string]cost{}
	for round := range c.rounds + 1 { // the first warms up
		for _, o := range subjects {
			one, err := o.round(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", o.name, err)
			}
			if round > 0 {
				o.rounds = append(o.rounds, one)
			}
		}
	}
	for _, o := range subjects {
		costs[o.name] = median(o.rounds)
	}
	return costs, nil
}

// handler starts the bare handler with the system's answers to operations.
func (p *pair) handler(ctx context.Context, dir string, mixes []mix.Mix) error {
	answers := map[string]mix.Answer{}
	for i := range mixes {
		o := &mixes[i].Operations[0]
		a, err := p.town.Sample(o)
		if err != nil || a.Status != o.Status {
			return fmt.Errorf("%s: %d %w", mixes[i].Name, a.Status, err)
		}
		answers[mixes[i].Name] = a
	}
	text, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "answers.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), self, "-bare", file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if p.bare, err = alone.Launch(cmd); err != nil {
		return err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("the bare handler: %w", err), p.bare.Stop())
	}
	p.at = "http://" + strings.TrimSpace(addr)
	return nil
}

// subject is an operation that is measured.
type subject struct {
	*pair
	name   string
	o      *mix.Operation
	door   *mix.Door // the handler's
	n      int       // requests to the system in a block
	rounds []cost
}

func (p *pair) subject(m mix.Mix) (*subject, error) {
	s := &subject{pair: p, name: m.Name, o: &m.Operations[0], n: ofSystem}
	if s.o.As == mix.Nobody && s.o.Method == "GET" {
		s.n = ofCache
	}
	var err error
	s.door, err = mix.NewDoor(p.at+"/"+m.Name, clients)
	return s, err
}

// round asks both for a block.
func (s *subject) round(ctx context.Context) (c cost, err error) {
	bare, err := used(s.bare.PID, func() error {
		return ask(ctx, ofBare, s.o.Status, func() (int, error) { return s.town.AskOf(s.door, s.o) })
	})
	if err != nil {
		return c, err
	}
	began := time.Now()
	own, err := used(s.system.PID, func() error {
		err := ask(ctx, s.n, s.o.Status, func() (int, error) { return s.town.Ask(s.o, time.Now()) })
		return errors.Join(err, s.quiet(ctx))
	})
	if err != nil {
		return c, err
	}
	own -= time.Duration(s.idle * float64(time.Since(began)))
	c.CPU, c.Bare = float64(own.Nanoseconds())/1000/float64(s.n), float64(bare.Nanoseconds())/1000/ofBare
	c.Ratio = c.CPU / c.Bare
	return c, nil
}

// used is the processor time that a process uses while something is done.
func used(pid int, do func() error) (time.Duration, error) {
	before, err := alone.Processors(pid)
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := alone.Processors(pid)
	return after - before, err
}

// ask has clients ask n times in all, each one request after the other.
func ask(ctx context.Context, n, status int, one func() (int, error)) error {
	var turn atomic.Int64
	var all sync.WaitGroup
	failed := make([]error, clients)
	for i := range failed {
		all.Go(func() {
			for turn.Add(1) <= int64(n) && ctx.Err() == nil && failed[i] == nil {
				if got, err := one(); err != nil || got != status {
					failed[i] = fmt.Errorf("answered %d: %w", got, err)
				}
			}
		})
	}
	all.Wait()
	return errors.Join(append(failed, ctx.Err())...)
}

// rest waits until the system has done what its making left, and learns what it uses while nobody asks.
func (p *pair) rest(ctx context.Context) error {
	const pause = 3 * time.Second // the counters, the last to follow, do so within a second
	if err := wait(ctx, pause); err != nil {
		return err
	}
	const span = time.Second
	idle, err := used(p.system.PID, func() error { return wait(ctx, span) })
	p.idle = float64(idle) / float64(span)
	return err
}

// quiet waits until the system is as before it was asked, but not for long: on a busy machine it may look so late.
func (p *pair) quiet(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < quietWait; {
		start := time.Now()
		busy, err := used(p.system.PID, func() error { return wait(ctx, look) })
		if err != nil {
			return err
		}
		if float64(busy) < (p.idle+0.05)*float64(time.Since(start)) {
			return nil
		}
	}
	return nil
}

func wait(ctx context.Context, t time.Duration) error {
	select {
	case <-time.After(t):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
