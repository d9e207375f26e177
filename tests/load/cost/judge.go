package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"fivechat.dev/tests/process"
)

// How many times its baseline an operation may cost. Reads were seen to vary by a tenth, even on a busy machine.
// Writes, which cause asynchronous work, vary by up to ×1.44 (docs/performance).
const (
	most        = 1.20
	mostOfWrite = 1.60
)

// mostOfAnother bounds how much more all operations together may cost on another processor than the baseline's. There
// their ratio to a nearly empty handler differs: on a Xeon most were at 1.15 to 1.25 times an EPYC's.
const mostOfAnother = 1.35

// cost is the processor time of an operation.
type cost struct {
	Ratio float64 `json:"ratio"` // to the bare handler
	CPU   float64 `json:"cpuMicroseconds"`
	Bare  float64 `json:"bareMicroseconds"`
	Write bool    `json:"write,omitzero"` // it changes stored data
}

// may returns how many times its baseline the operation may cost.
func (c cost) may() float64 {
	if c.Write {
		return mostOfWrite
	}
	return most
}

// baseline holds the allowed costs. Its ratios are compared; its times show what the ratios result from.
type baseline struct {
	Machine    process.Machine `json:"machine"`
	Operations map[string]cost `json:"operations"`
}

// drift returns how many times their baselines operations cost on this processor. It is 1 on the baseline's processor.
// On another it is the median, so that a single operation that costs more stands out.
func (b baseline) drift(here string, costs map[string]cost) float64 {
	if here == b.Machine.Processor {
		return 1
	}
	var times []float64
	for name, c := range costs {
		if allowed := b.Operations[name].Ratio; allowed > 0 {
			times = append(times, c.Ratio/allowed)
		}
	}
	if len(times) == 0 {
		return 1
	}
	slices.Sort(times)
	return min(max(times[len(times)/2], 1), mostOfAnother)
}

// measuring returns the costs of all operations by name.
type measuring func(ctx context.Context) (map[string]cost, error)

func read(file string) (b baseline, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal(text, &b)
}

// write measures n times, and writes the measurement with the median ratio of each operation.
func write(ctx context.Context, file string, n int, here process.Machine, measure measuring) error {
	all := map[string][]cost{}
	for range n {
		costs, err := measure(ctx)
		if err != nil {
			return err
		}
		for name, c := range costs {
			all[name] = append(all[name], c)
		}
	}
	b := baseline{here, map[string]cost{}}
	for name, costs := range all {
		b.Operations[name] = median(costs)
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// median returns the cost with the median ratio.
func median(costs []cost) cost {
	costs = slices.Clone(costs)
	slices.SortFunc(costs, func(a, b cost) int {
		switch {
		case a.Ratio < b.Ratio:
			return -1
		case a.Ratio > b.Ratio:
			return 1
		}
		return 0
	})
	return costs[len(costs)/2]
}

// verdict is the result of a check.
type verdict struct {
	lines         []line
	unknown, gone []string
	tried         int     // number of measurements
	drift         float64 // of this processor
}

// line is an operation with its baseline.
type line struct {
	name      string
	cost      cost    // of its cheapest measurement
	times     float64 // in multiples of the baseline
	expensive bool
}

// judge measures operations and compares them with the baseline. If one seems too expensive, all are measured again
// under the same conditions, and the cheapest measurement of each counts: a machine can make an operation seem more
// expensive, but hardly cheaper. here is this machine's processor.
func judge(ctx context.Context, base baseline, here string, attempts int, measure measuring) (v verdict, err error) {
	best := map[string]cost{}
	tooExpensive := func(name string) bool {
		allowed := base.Operations[name].Ratio
		return allowed > 0 && best[name].Ratio > best[name].may()*allowed*v.drift
	}
	for again := true; again && v.tried < attempts; v.tried++ {
		costs, err := measure(ctx)
		if err != nil {
			return v, err
		}
		for name, c := range costs {
			if b, before := best[name]; !before || c.Ratio < b.Ratio {
				best[name] = c
			}
		}
		v.drift, again = base.drift(here, best), false
		for name := range costs {
			again = again || tooExpensive(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(best)) {
		allowed := base.Operations[name].Ratio
		if allowed <= 0 {
			v.unknown = append(v.unknown, name)
			continue
		}
		v.lines = append(v.lines, line{name, best[name], best[name].Ratio / allowed, tooExpensive(name)})
	}
	for name := range base.Operations {
		if _, measured := best[name]; !measured {
			v.gone = append(v.gone, name)
		}
	}
	slices.Sort(v.gone)
	return v, nil
}

func (v verdict) expensive() (names []string) {
	for _, l := range v.lines {
		if l.expensive {
			names = append(names, l.name)
		}
	}
	return names
}

// err returns an error if the verdict is a refusal.
func (v verdict) err() error {
	switch expensive := v.expensive(); {
	case len(expensive) > 0:
		return fmt.Errorf("more expensive than committed by over %.0f %% (writes: %.0f %%), measured %d times: %v (if "+
			"that is intended: make bench-baseline)",
			(most-1)*100, (mostOfWrite-1)*100, v.tried, expensive)
	case len(v.unknown) > 0:
		return fmt.Errorf("the baseline lacks %v: make bench-baseline", v.unknown)
	case len(v.gone) > 0:
		return fmt.Errorf("the baseline has operations that are no longer measured: %v: make bench-baseline", v.gone)
	case len(v.lines) == 0:
		return errors.New("nothing was measured")
	}
	return nil
}

func (v verdict) print(to io.Writer, base baseline) {
	fmt.Fprintf(to,
		"The baseline: %s, %d cores, %s, %s, commit %s. Measured %d times; allowed ×%.2f for this processor.\n\n",
		base.Machine.Processor, base.Machine.Cores, base.Machine.OS, base.Machine.Go, base.Machine.Commit, v.tried, v.drift)
	fmt.Fprintf(to, "| operation | CPU µs/request | bare handler's | ratio | committed | × |\n|---|---|---|---|---|---|\n")
	for _, l := range v.lines {
		mark := ""
		if l.expensive {
			mark = " **too expensive**"
		}
		fmt.Fprintf(to, "| %s | %.1f | %.1f | %.2f | %.2f | %.2f%s |\n", l.name, l.cost.CPU, l.cost.Bare, l.cost.Ratio,
			base.Operations[l.name].Ratio, l.times, mark)
	}
}
