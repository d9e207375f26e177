// Command edge compares the gateway with nginx and with a bare httputil.ReverseProxy, all in front of one fixed
// backend, and its cached widget settings with a bare handler that writes the same bytes. `make bench-edge` runs it; it
// needs Linux, taskset, and Debian's nginx and wrk.
//
// The measured program has the first core for itself; backend and load share the second. Rounds alternate, so that
// other load on the machine affects all alike; the best round of each counts. CPU is user and system time of the
// process, divided by the number of responses.
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
	role := flag.String("role", "", "internal: the part that this process runs")
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
	return errors.New("unknown role")
}
