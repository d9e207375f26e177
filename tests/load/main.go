// Command load sends user requests to a system at a steady rate, and measures each from the time at which it was due.
// Package mix has the requests of each kind of user, package openloop the schedule. `make bench` runs it;
// docs/performance explains its output.
//
// Unless a running system is named, it starts one in its own process, with embedded stores in a new folder, synced to
// disk as always, and with generous quotas.
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

// options are the command's options.
type options struct {
	names, binary, url, token, dialogues, commit, out, flames string
	admin                                                     string // of the started system

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
	flag.StringVar(&o.names, "mix", "",
		"comma-separated mixes, as in \"agent,desk\", or single operations, as in \"agent/list\" (default: all mixes)")
	flag.BoolVar(&o.each, "each", false, "measure each operation of the mixes separately")
	flag.Float64Var(&o.rate, "rate", 0, "requests per second (default: each mix's own)")
	flag.DurationVar(&o.length, "for", 5*time.Second, "length of a round")
	flag.IntVar(&o.rounds, "rounds", 6, "rounds of each mix, alternating with the others")
	flag.IntVar(&o.bound, "bound", 256, "concurrent requests")
	flag.BoolVar(&o.find, "find", false, "find the highest rate of each mix that holds -p99")
	flag.DurationVar(&o.p99, "p99", 50*time.Millisecond, "bound of the 99th percentile, with -find")
	flag.StringVar(&o.binary, "binary", "bin/fivechat", "the system to start")
	flag.StringVar(&o.url, "url", "", "a running system instead; its quotas must be generous")
	flag.StringVar(&o.token, "token", "", "a token with READ_WRITE of a website of the running system, with the plan PRO")
	flag.IntVar(&o.pid, "pid", 0, "process id of the running system, if it is on this machine")
	flag.StringVar(&o.dialogues, "dialogues", os.Getenv("FIVECHAT_DIALOGUES"),
		"file of dialogues to import, JSON lines, gzipped or not (default: FIVECHAT_DIALOGUES, or built-in ones)")
	flag.IntVar(&o.size.Conversations, "conversations", 2_000, "dialogues to import, by repeating the file's")
	flag.IntVar(&o.size.Chats, "chats", 200, "chats at the start")
	flag.IntVar(&o.size.Tickets, "tickets", 500, "tickets at the start")
	flag.StringVar(&o.commit, "commit", "", "the measured commit")
	flag.StringVar(&o.out, "out", "", "write FILE.json, and FILE.txt in the format of Go's benchmarks")
	flag.StringVar(&o.flames, "flames", "", "draw a flame graph of each mix into this folder; not with -url")
	flag.Parse()
	return o
}

func run() (err error) {
	o := parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	mixes, unknown := mix.Find(o.names)
	if unknown != "" {
		return fmt.Errorf("unknown mix %q", unknown)
	}
	if o.each {
		mixes = mix.Each(mixes)
	}
	if o.length <= 0 || o.rounds < 1 || o.bound < 1 || o.rate < 0 || o.size.Conversations < 1 || o.size.Chats < 1 ||
		o.size.Tickets < 1 {
		return errors.New("lengths, rounds, bounds and sizes must be above zero")
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
		return errors.New("flame graphs need a system that this command starts")
	}
	site, err := mix.Populate(ctx, mix.Target{URL: o.url, Token: o.token, Bound: o.bound}, o.dialogues, o.size)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	g := &generator{options: o, site: site}
	r := report{
		Machine: process.Here(o.commit), Conversations: o.size.Conversations, Chats: o.size.Chats,
		Tickets: o.size.Tickets,
	}
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

// rounds measures the mixes alternately, so that other load on the machine affects all of them.
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
			// an additional round, because the profile would distort the figures
			if o := g.options; o.flames != "" && round == o.rounds-1 {
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

// findAll finds the highest rate of each mix.
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
			return fmt.Errorf("%s: not even %.0f/s holds", m.Name, rate)
		}
		result := best.result()
		result.Held = &held{rate, milliseconds(g.options.p99)}
		r.Mixes = append(r.Mixes, result)
		r.samples = append(r.samples, fmt.Sprintf("BenchmarkHeld/%s 1 %.0f req/s", m.Name, rate))
	}
	return nil
}
