package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// pace sends requests at a steady rate, each at its time whether the ones before it were answered or not, and prints the
// 99th percentile, in milliseconds, of the time from when a request was due to its answer.
func pace(args []string) error {
	addr, path, token := args[0], args[1], args[2]
	rate, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	length, err := time.ParseDuration(args[4])
	if err != nil {
		return err
	}
	client := &fasthttp.HostClient{Addr: addr, MaxConns: 4 * connections}
	total := int(float64(rate) * length.Seconds())
	due := make(chan time.Time, total)
	took := make([][]float64, 4*connections)
	failures := make(chan error, len(took))
	var all sync.WaitGroup
	for i := range took {
		all.Go(func() {
			req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			req.SetRequestURI("http://" + addr + path)
			req.Header.Set("Authorization", "Bearer "+token)
			for at := range due {
				if err := client.Do(req, resp); err != nil || resp.StatusCode() != fasthttp.StatusOK {
					failures <- fmt.Errorf("status %d: %w", resp.StatusCode(), err)
					return
				}
				took[i] = append(took[i], float64(time.Since(at).Microseconds())/1000)
			}
		})
	}
	start := time.Now()
	for sent := 0; sent < total; {
		time.Sleep(time.Millisecond)
		for now := time.Now(); sent < total; sent++ {
			at := start.Add(time.Duration(sent) * time.Second / time.Duration(rate))
			if at.After(now) {
				break
			}
			due <- at
		}
	}
	close(due)
	all.Wait()
	select {
	case err := <-failures:
		return err
	default:
	}
	times := slices.Concat(took...)
	if len(times) == 0 {
		return errors.New("nothing was answered")
	}
	slices.Sort(times)
	fmt.Println(times[len(times)*99/100])
	return nil
}
