// Command cost measures the processor time of each operation, as a multiple of the time that a bare net/http handler
// takes to send the same bytes to the same client. It fails if a multiple is more than a fifth above the committed one.
// `make bench-check` runs it.
//
// It measures processor time instead of elapsed time, and a ratio, because a busy or slow machine affects both.
// Requests to the system and to the handler alternate, so that other load on the machine affects both alike. The median
// of the rounds counts. An operation that seems more expensive is measured again, in a fresh system, before it is
// refused.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"fivechat.dev/tests/process"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func run() error {
	c := measurement{}
	flag.StringVar(&c.binary, "binary", "bin/fivechat", "the system to start")
	flag.IntVar(&c.rounds, "rounds", 7, "rounds of each operation")
	file := flag.String("baseline", "docs/performance/baseline.json", "the file of allowed costs")
	attempts := flag.Int("attempts", 5, "measurements of all operations if one seems more expensive")
	refresh := flag.Int("refresh", 0, "measure this often and write the baseline instead of checking")
	commit := flag.String("commit", "", "the measured commit")
	bare := flag.String("bare", "", "internal: run the handler, with the responses in a file")
	flag.Parse()
	if *bare != "" {
		return serve(*bare)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *refresh > 0 {
		return write(ctx, *file, *refresh, process.Here(*commit), c.measure)
	}
	base, err := read(*file)
	if err != nil {
		return err
	}
	v, err := judge(ctx, base, process.Here(*commit).Processor, *attempts, c.measure)
	if err != nil {
		return err
	}
	v.print(os.Stdout, base)
	return v.err()
}
