// Command edge measures the gateway beside nginx and a bare httputil.ReverseProxy, all before one fixed backend, and its
// cached widget settings beside a bare handler that writes the same bytes. It is run by `make bench-edge`; it needs Linux,
// taskset, and Debian's nginx and wrk.
//
// Whoever is measured has the first core for itself, backend and load share the second. Rounds are interleaved, so that
// what the machine does beside them falls on all alike; of each, the best round counts. CPU is user and system time of
// the process, over the requests that were answered.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	gateway := flag.String("gateway", "bin/api-gateway", "the gateway's binary")
	rounds := flag.Int("rounds", 5, "rounds of each")
	seconds := flag.Duration("for", 2*time.Second, "length of a round")
	role := flag.String("role", "", "internal: what this process is a part of")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	switch *role {
	case "":
		b, err := open(ctx, *gateway)
		if err != nil {
			return errors.Join(err, b.close())
		}
		return errors.Join(b.measure(*rounds, *seconds), b.close())
	case "bare":
		return serveBare(flag.Arg(0), flag.Arg(1))
	case "handler":
		return serveHandler(flag.Arg(0))
	case "services":
		return serveServices(flag.Arg(0))
	case "openloop":
		return steady(ctx, flag.Args())
	}
	return errors.New("no such role")
}
