// Command cost measures what each operation costs a system in processor time, as a multiple of what a bare net/http
// handler takes to answer the same bytes to the same client, and refuses where a multiple is more than a fifth above the
// one that is committed. It is run by `make bench-check`.
//
// Processor time is measured, not time, and as a ratio: a machine that is busy, or slow, is so for both. Both are
// asked in turn, request for request, so that what the machine does beside them falls on both alike; the median of the
// rounds counts; and what seems dearer is measured again, in a fresh system, before it is refused.
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
	file := flag.String("baseline", "docs/performance/baseline.json", "what operations may cost")
	attempts := flag.Int("attempts", 5, "how often all are measured where one seems dearer")
	refresh := flag.Int("refresh", 0, "measure so often and write the baseline, in place of checking")
	commit := flag.String("commit", "", "what is measured")
	bare := flag.String("bare", "", "internal: be the handler, with the answers of a file")
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
