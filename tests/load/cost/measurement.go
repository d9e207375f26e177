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

	"fivechat.dev/tests/load/mix"
	"fivechat.dev/tests/process"
)

// The sizes of a round. Each client sends one request to the system, then a few to the handler, and so on: at this
// granularity, both see the machine in the same state. They are counts, not durations, so that each run does the same
// work.
const (
	clients  = 4     // concurrent clients
	ofSystem = 80    // requests to the system in a round
	ofBare   = 12    // requests to the handler after each: they take little, but it must be measurable
	ofCache  = 1_000 // instead of ofSystem, for responses from the edge's cache
	ofBoth   = 1     // instead of ofBare, likewise
)

// oneCore makes the Go runtime use one core. With several, the time spent on looking for work depends on their number
// and on their other load.
const oneCore = "GOMAXPROCS=1"

// size is the size of the site: so large that the writes of a measurement change the cost of reads little.
var size = mix.Size{Conversations: 500, Chats: 100, Tickets: 300}

// The bounds of waiting for asynchronous work: events, counters, summaries.
const (
	look      = 10 * time.Millisecond
	quietWait = time.Second
)

// measurement measures operations.
type measurement struct {
	binary string
	rounds int
}

// pair is the system and the handler, each in its own process.
type pair struct {
	site   *mix.Site
	system *process.System
	bare   *process.Process
	at     string  // the handler's address
	idle   float64 // processors that the system uses without requests
}

// measure starts a fresh system and a bare handler, and measures all operations.
func (c measurement) measure(ctx context.Context) (costs map[string]cost, err error) {
	dir, err := os.MkdirTemp("", "fivechat-cost-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := process.Start(ctx, c.binary, dir, oneCore)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	site, err := mix.Populate(ctx, mix.Target{
		URL: s.Demo.URL, Token: s.Demo.Websites[0].Tokens["READ_WRITE"],
		Bound: clients,
	}, "", size)
	if err != nil {
		return nil, err
	}
	mixes := mix.Each(mix.Mixes)
	p := &pair{site: site, system: s}
	if err := p.handler(ctx, dir, mixes); err != nil {
		return nil, err
	}
	defer func() { _ = p.bare.Stop() }() // it ends only by a signal
	var reads, writes []*subject
	for _, m := range mixes {
		o, err := p.subject(m)
		if err != nil {
			return nil, err
		}
		if o.o.Method == "GET" {
			reads = append(reads, o)
		} else {
			writes = append(writes, o)
		}
	}
	if err := p.settle(ctx); err != nil {
		return nil, err
	}
	// Writes cause asynchronous work, which must not be counted for reads.
	costs = map[string]cost{}
	if err := c.measureAll(ctx, reads, costs); err != nil {
		return nil, err
	}
	return costs, c.measureAll(ctx, writes, costs)
}

// measureAll measures operations alternately, round by round.
func (c measurement) measureAll(ctx context.Context, subjects []*subject, costs map[string]cost) error {
	rounds := map[string][]cost{}
	for round := range c.rounds + 1 { // the first is a warm-up
		for _, o := range subjects {
			one, err := o.round(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", o.name, err)
			}
			if round > 0 {
				rounds[o.name] = append(rounds[o.name], one)
			}
		}
	}
	for name, all := range rounds {
		costs[name] = median(all)
	}
	return nil
}

// handler starts the bare handler with the system's responses to operations.
func (p *pair) handler(ctx context.Context, dir string, mixes []mix.Mix) error {
	answers := map[string]mix.Answer{}
	for i := range mixes {
		o := &mixes[i].Operations[0]
		a, err := p.site.Sample(o)
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
	cmd.Env = append(os.Environ(), oneCore)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if p.bare, err = process.Launch(cmd); err != nil {
		return err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("the bare handler: %w", err), p.bare.Stop())
	}
	p.at = "http://" + strings.TrimSpace(addr)
	return nil
}

// subject is a measured operation.
type subject struct {
	*pair
	name   string
	o      *mix.Operation
	server *mix.Client // of the handler
	n      int         // requests to the system in a round
	each   int         // to the handler after each
}

func (p *pair) subject(m mix.Mix) (*subject, error) {
	s := &subject{pair: p, name: m.Name, o: &m.Operations[0], n: ofSystem, each: ofBare}
	if s.o.As == mix.Nobody && s.o.Method == "GET" {
		s.n, s.each = ofCache, ofBoth
	}
	var err error
	s.server, err = mix.NewClient(p.at+"/"+m.Name, clients)
	return s, err
}

// round sends requests to both, and measures the usage of each until the system is idle again.
func (s *subject) round(ctx context.Context) (c cost, err error) {
	began := time.Now()
	var own time.Duration
	bare, err := used(s.bare.PID, func() (err error) {
		own, err = used(s.system.PID, func() error { return errors.Join(s.ask(ctx), s.waitIdle(ctx)) })
		return err
	})
	if err != nil {
		return c, err
	}
	own -= time.Duration(s.idle * float64(time.Since(began)))
	c.CPU, c.Bare = float64(own.Nanoseconds())/1000/float64(s.n), float64(bare.Nanoseconds())/1000/float64(s.n*s.each)
	c.Ratio, c.Write = c.CPU/c.Bare, s.o.Method != "GET"
	return c, nil
}

// used returns the processor time that a process uses while do runs.
func used(pid int, do func() error) (time.Duration, error) {
	before, err := process.Processors(pid)
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := process.Processors(pid)
	return after - before, err
}

// ask lets clients send requests to both, one after the other.
func (s *subject) ask(ctx context.Context) error {
	var turn atomic.Int64
	var all sync.WaitGroup
	failed := make([]error, clients)
	for i := range failed {
		all.Go(func() {
			for turn.Add(1) <= int64(s.n) && ctx.Err() == nil && failed[i] == nil {
				failed[i] = s.once()
			}
		})
	}
	all.Wait()
	return errors.Join(append(failed, ctx.Err())...)
}

// once sends one request to the system, and then the number of requests to the handler that belongs to it.
func (s *subject) once() error {
	status, err := s.site.Ask(s.o, time.Now())
	for asked := 0; err == nil && status == s.o.Status && asked < s.each; asked++ {
		status, err = s.site.AskOf(s.server, s.o)
	}
	if err == nil && status != s.o.Status {
		err = fmt.Errorf("status %d, want %d", status, s.o.Status)
	}
	return err
}

// settle waits until the system has finished its asynchronous work, and measures its usage without requests.
func (p *pair) settle(ctx context.Context) error {
	const pause = 3 * time.Second // the counters, which are last, take up to a second
	if err := wait(ctx, pause); err != nil {
		return err
	}
	const span = time.Second
	idle, err := used(p.system.PID, func() error { return wait(ctx, span) })
	p.idle = float64(idle) / float64(span)
	return err
}

// waitIdle waits until the system is idle again, but not for long: on a busy machine it may never look idle.
func (p *pair) waitIdle(ctx context.Context) error {
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
