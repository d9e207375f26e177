package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"fivechat.dev/tests/process"
)

// report is the printed and written output.
type report struct {
	Machine       process.Machine `json:"machine"`
	Conversations int             `json:"conversations"`
	Chats         int             `json:"chats"`
	Tickets       int             `json:"tickets"`
	Mixes         []result        `json:"mixes"`
	samples       []string
}

// result is the result of a mix. Times are in milliseconds.
type result struct {
	Mix      string  `json:"mix"`
	Asked    float64 `json:"asked"` // requests per second
	Seconds  float64 `json:"seconds"`
	Streams  int     `json:"streams,omitempty"`
	CPU      float64 `json:"cpuMicroseconds,omitempty"` // per request, in the system's process
	Resident int64   `json:"residentBytes,omitempty"`   // of the system's process
	// requests that found the bound reached, so they were late or never sent
	Full int `json:"boundReached"`
	// from when a request was due until it was sent: the generator's own delay
	Late       float64     `json:"lateP99"`
	Held       *held       `json:"held,omitempty"`
	Operations []operation `json:"operations"`
}

// held is the highest rate that holds a bound.
type held struct {
	Rate float64 `json:"rate"`
	P99  float64 `json:"p99"`
}

type operation struct {
	Name   string         `json:"name"`
	Asked  float64        `json:"asked"` // per second, as is Done
	Done   float64        `json:"done"`
	Errors map[string]int `json:"errors,omitempty"`
	P50    float64        `json:"p50"`
	P90    float64        `json:"p90"`
	P99    float64        `json:"p99"`
	P999   float64        `json:"p999"`
	Max    float64        `json:"max"`
}

func milliseconds(t time.Duration) float64 { return float64(t.Microseconds()) / 1000 }

func at(times *hdr.Histogram, percentile float64) float64 {
	return float64(times.ValueAtPercentile(percentile)) / 1000
}

func (m *measured) result() result {
	all := m.all()
	r := result{
		Mix: m.mix.Name, Asked: m.rate, Seconds: m.took.Seconds(), Streams: m.mix.Streams, Resident: m.resident,
		Full: m.full, Late: at(m.late, 99),
	}
	r.CPU = float64(m.used.Microseconds()) / float64(max(all.due, 1))
	for _, o := range append(slices.Clone(m.operations), m.received, all) {
		if o != nil {
			r.Operations = append(r.Operations, operation{
				o.name, float64(o.due) / r.Seconds,
				float64(o.done) / r.Seconds, o.errors,
				at(o.times, 50), at(o.times, 90), at(o.times, 99), at(o.times, 99.9), float64(o.times.Max()) / 1000,
			})
		}
	}
	return r
}

// print prints tables.
func (r report) print(to io.Writer) {
	m := r.Machine
	fmt.Fprintf(to, "%s, %d cores, %s, %s, %s", m.Processor, m.Cores, m.OS, m.Arch, m.Go)
	if m.Commit != "" {
		fmt.Fprintf(to, ", commit %s", m.Commit)
	}
	fmt.Fprintf(to,
		"\n%d conversations, %d chats, %d tickets at the start. Times are milliseconds from when a request was due.\n",
		r.Conversations, r.Chats, r.Tickets)
	for _, mix := range r.Mixes {
		fmt.Fprintf(to, "\n**%s** at %.0f requests/s for %.0f s", mix.Mix, mix.Asked, mix.Seconds)
		if mix.Held != nil {
			fmt.Fprintf(to, ", the highest rate with p99 within %.0f ms", mix.Held.P99)
		}
		if mix.Streams > 0 {
			fmt.Fprintf(to, "; %d streams open", mix.Streams)
		}
		if mix.CPU > 0 {
			fmt.Fprintf(to, "; %.0f µs of CPU time a request, %d MB resident", mix.CPU, mix.Resident/1e6)
		}
		fmt.Fprintf(to, "; 99 %% sent within %.1f ms", mix.Late)
		if mix.Full > 0 {
			fmt.Fprintf(to, "; **the bound of requests in progress was reached: %d came late or never**", mix.Full)
		}
		fmt.Fprintf(to,
			"\n\n| operation | due/s | done/s | p50 | p90 | p99 | p99.9 | max | errors "+
				"|\n|---|---|---|---|---|---|---|---|---|\n")
		for _, o := range mix.Operations {
			fmt.Fprintf(to, "| %s | %.1f | %.1f | %.2f | %.2f | %.2f | %.2f | %.2f | %s |\n", o.Name, o.Asked, o.Done, o.P50,
				o.P90, o.P99, o.P999, o.Max, counts(o.Errors))
		}
	}
}

func counts(errors map[string]int) string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(errors)) {
		all = append(all, fmt.Sprintf("%s: %d", what, errors[what]))
	}
	return strings.Join(all, ", ")
}

// write writes FILE.json and FILE.txt.
func (r report) write(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".json", append(text, '\n'), 0o644); err != nil {
		return err
	}
	m := r.Machine
	head := fmt.Sprintf("goarch: %s\npkg: fivechat.dev/tests/load\ncpu: %s\ncores: %d\nos: %s\ngo: %s\ncommit: "+
		"%s\nUnit req/s better=higher\n", m.Arch, m.Processor, m.Cores, m.OS, m.Go, m.Commit)
	return os.WriteFile(file+".txt", []byte(head+strings.Join(r.samples, "\n")+"\n"), 0o644)
}

// quantiles are a benchmark's values. benchstat shows the nanoseconds as seconds.
func quantiles(times *hdr.Histogram) string {
	return fmt.Sprintf("%d p50-ns %d p99-ns", times.ValueAtPercentile(50)*1000, times.ValueAtPercentile(99)*1000)
}

// benchmarkName is a name without spaces.
func benchmarkName(name string) string { return strings.ReplaceAll(name, " ", "_") }
