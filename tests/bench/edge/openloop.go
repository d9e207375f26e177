package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"fivechat.dev/tests/load/openloop"
)

// steady sends requests at a steady rate and prints the 99th percentile, in milliseconds, of the time from when a
// request was due until its response.
func steady(ctx context.Context, args []string) error {
	addr, path, token := args[0], args[1], args[2]
	rate, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	length, err := time.ParseDuration(args[4])
	if err != nil {
		return err
	}
	const most = 4 * connections
	client := &fasthttp.HostClient{Addr: addr, MaxConns: most}
	var mu sync.Mutex
	var times []float64
	var failed error
	plan := openloop.Plan{Rate: float64(rate), Length: length, Bound: most}
	r := openloop.Run(ctx, plan, func(_ int, due time.Time) {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI("http://" + addr + path)
		req.Header.Set("Authorization", "Bearer "+token)
		err := client.Do(req, resp)
		took := float64(time.Since(due).Microseconds()) / 1000
		mu.Lock()
		defer mu.Unlock()
		if times = append(times, took); err != nil || resp.StatusCode() != fasthttp.StatusOK {
			failed = fmt.Errorf("status %d: %w", resp.StatusCode(), err)
		}
	})
	switch {
	case failed != nil:
		return failed
	case len(times) == 0:
		return errors.New("no request succeeded")
	case r.Sent < plan.Total():
		return fmt.Errorf("only %d of %d could be sent", r.Sent, plan.Total())
	}
	slices.Sort(times)
	fmt.Println(times[len(times)*99/100])
	return nil
}
