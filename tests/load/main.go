// Command load sends a system its users' requests at a steady rate, and measures each from the time at which it was due.
// Package mix has the requests of each kind of user, package openloop the schedule. `make bench` runs it; docs/performance
// says how to read its output.
//
// Unless a running system is named, it starts one in a process of its own, over embedded stores in a new folder, synced
// to disk as always, with quotas that nobody reaches.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"fivechat.dev/tests/load/mix"
	"fivechat.dev/tests/process"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// options are the command's.
type options struct {
	names, binary, url, token, dialogues, commit, out, flames string
	admin                                                     string // of the system that is started

	pid    int
	each   bool
	find   bool
	rate   float64
	length time.Duration
	rounds int
	bound  int
	p99    time.Duration
	size   mix.Size
}

func parse() (o options) {
	flag.StringVar(&o.names, "mix", "", "mixes with commas between, as in \"agent,desk\", or single operations, as in \"agent/list\" (default: all mixes)")
	flag.BoolVar(&o.each, "each", false, "measure each operation of the mixes by itself")
	flag.Float64Var(&o.rate, "rate", 0, "requests a second (default: each mix's own)")
	flag.DurationVar(&o.length, "for", 5*time.Second, "length of a round")
	flag.IntVar(&o.rounds, "rounds", 6, "rounds of each mix, which take turns")
	flag.IntVar(&o.bound, "bound", 256, "requests in progress at once")
	flag.BoolVar(&o.find, "find", false, "find the highest rate of each mix that holds -p99, doubling and then halving the distance")
	flag.DurationVar(&o.p99, "p99", 50*time.Millisecond, "what 99 of 100 requests must be answered within, with -find")
	flag.StringVar(&o.binary, "binary", "bin/fivechat", "the system to start")
	flag.StringVar(&o.url, "url", "", "a running system instead; it needs quotas that do not limit")
	flag.StringVar(&o.token, "token", "", "a token with READ_WRITE of a website of the running system, with the plan PRO")
	flag.IntVar(&o.pid, "pid", 0, "the running system's process, where it is on this machine")
	flag.StringVar(&o.dialogues, "dialogues", os.Getenv("FIVECHAT_DIALOGUES"), "file of dialogues to import, JSON lines, gzipped or not (default: FIVECHAT_DIALOGUES, or ones of our own)")
	flag.IntVar(&o.size.Conversations, "conversations", 2_000, "dialogues to import, by repeating the file's")
	flag.IntVar(&o.size.Chats, "chats", 200, "chats at the start")
	flag.IntVar(&o.size.Tickets, "tickets", 500, "tickets at the start")
	flag.StringVar(&o.commit, "commit", "", "what is measured")
	flag.StringVar(&o.out, "out", "", "write FILE.json, and FILE.txt in the format of Go's benchmarks")
	flag.StringVar(&o.flames, "flames", "", "draw a flame graph of each mix into this folder; not of a running system")
	flag.Parse()
	return o
}

func run() (err error) {
	o := parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	mixes, unknown := mix.Find(o.names)
	if unknown != "" {
		return fmt.Errorf("there is no mix %q", unknown)
	}
	if o.each {
		mixes = mix.Each(mixes)
	}
	if o.length <= 0 || o.rounds < 1 || o.bound < 1 || o.rate < 0 || o.size.Conversations < 1 || o.size.Chats < 1 || o.size.Tickets < 1 {
		return errors.New("lengths, rounds, bounds and sizes are above zero")
	}
	if o.url == "" {
		s, end, err := start(ctx, o.binary)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end()) }()
		o.url, o.token, o.pid, o.admin = s.Demo.URL, s.Demo.Websites[0].Tokens["READ_WRITE"], s.PID, s.Demo.AdminURL
	}
	if o.flames != "" && o.admin == "" {
		return errors.New("flame graphs are of a system that is started for them")
	}
	town, err := mix.Settle(ctx, mix.Target{URL: o.url, Token: o.token, Bound: o.bound}, o.dialogues, o.size)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	g := &generator{options: o, town: town}
	r := report{Machine: process.Here(o.commit), Conversations: o.size.Conversations, Chats: o.size.Chats, Tickets: o.size.Tickets}
	if o.find {
		err = g.findAll(ctx, mixes, &r)
	} else {
		err = g.rounds(ctx, mixes, &r)
	}
	if err != nil {
		return err
	}
	r.print(os.Stdout)
	if o.out == "" {
		return nil
	}
	return r.write(o.out)
}

// start starts a system in a new folder; end stops it and removes the folder.
func start(ctx context.Context, binary string) (s *process.System, end func() error, err error) {
	dir, err := os.MkdirTemp("", "fivechat-load-")
	if err != nil {
		return nil, nil, err
	}
	if s, err = process.Start(ctx, binary, dir, "FIVECHAT_ADMIN_ADDR=127.0.0.1:0", "FIVECHAT_PPROF=true"); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, func() error { return errors.Join(s.Stop(), os.RemoveAll(dir)) }, nil
}

// rounds measures each mix in turn, so that what the machine does beside them falls on all alike.
func (g *generator) rounds(ctx context.Context, mixes []mix.Mix, r *report) error {
	all := make([]*measured, len(mixes))
	for round := range g.options.rounds {
		for i, m := range mixes {
			rate := m.Rate
			if g.options.rate > 0 {
				rate = g.options.rate
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s at %.0f/s\n", round+1, g.options.rounds, m.Name, rate)
			one, err := g.measure(ctx, m, rate)
			if err != nil {
				return fmt.Errorf("%s: %w", m.Name, err)
			}
			r.samples = append(r.samples, one.lines()...)
			if o := g.options; o.flames != "" && round == o.rounds-1 { // another one, as it would be in the figures
				if err := g.flame(ctx, m, rate); err != nil {
					return fmt.Errorf("%s: %w", m.Name, err)
				}
			}
			if all[i] == nil {
				all[i] = one
			} else {
				all[i].merge(one)
			}
		}
	}
	for _, m := range all {
		r.Mixes = append(r.Mixes, m.result())
	}
	return nil
}

// findAll finds what each mix holds.
func (g *generator) findAll(ctx context.Context, mixes []mix.Mix, r *report) error {
	for _, m := range mixes {
		var best *measured
		rate, err := find(m.Rate, func(rate float64) (bool, error) {
			one, err := g.measure(ctx, m, rate)
			if err != nil {
				return false, err
			}
			held := one.holds(g.options.p99)
			fmt.Fprintf(os.Stderr, "%s at %.0f/s: p99 %v, held: %t\n", m.Name, rate, one.p99(), held)
			if held {
				best = one
			}
			return held, nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		if best == nil {
			return fmt.Errorf("%s: not even %.0f/s is held", m.Name, rate)
		}
		result := best.result()
		result.Held = &held{rate, milliseconds(g.options.p99)}
		r.Mixes = append(r.Mixes, result)
		r.samples = append(r.samples, fmt.Sprintf("BenchmarkHeld/%s 1 %.0f req/s", m.Name, rate))
	}
	return nil
}
