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

// How many times its baseline an operation may cost. Of what reads, a tenth was seen to come and go by itself, even on a
// busy machine; of what writes, whose work goes on behind the answer, up to ×1.44 (docs/performance).
const (
	most        = 1.20
	mostOfWrite = 1.60
)

// mostOfAnother is how much dearer operations may be all together on another processor than the baseline's. There they
// stand in another ratio to a handler that hardly does anything: on a Xeon most were at 1.15 to 1.25 times an EPYC's.
const mostOfAnother = 1.35

// cost is what an operation took of the processors.
type cost struct {
	Ratio float64 `json:"ratio"` // to a bare handler's
	CPU   float64 `json:"cpuMicroseconds"`
	Bare  float64 `json:"bareMicroseconds"`
	Write bool    `json:"write,omitzero"` // it changes what is stored
}

// may says how many times its baseline it may cost.
func (c cost) may() float64 {
	if c.Write {
		return mostOfWrite
	}
	return most
}

// baseline is what operations may cost. Its ratios are compared; its times tell where they come from.
type baseline struct {
	Machine    process.Machine `json:"machine"`
	Operations map[string]cost `json:"operations"`
}

// drift is how many times their baselines operations cost on the processor that is here: 1 on the baseline's own, and on
// another the median, so that one that has become dearer stands out among the others.
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

// measuring gives the costs of all operations by their names.
type measuring func(ctx context.Context) (map[string]cost, error)

func read(file string) (b baseline, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal(text, &b)
}

// write measures n times, and writes of each operation the measurement with the median of ratios.
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

// median is the one in the middle by ratio.
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

// verdict is what came of a check.
type verdict struct {
	lines         []line
	unknown, gone []string
	tried         int     // times
	drift         float64 // of the processor that is here
}

// line is an operation beside its baseline.
type line struct {
	name   string
	cost   cost    // of its cheapest measurement
	times  float64 // its baseline
	dearer bool
}

// judge measures operations and compares them with the baseline. Where one seems too dear all are measured again, so that
// each is measured under what it was before, and the cheapest measurement of each counts: a machine can make an operation
// seem dearer, hardly cheaper. Here is this machine's processor.
func judge(ctx context.Context, base baseline, here string, attempts int, measure measuring) (v verdict, err error) {
	best := map[string]cost{}
	tooDear := func(name string) bool {
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
			again = again || tooDear(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(best)) {
		allowed := base.Operations[name].Ratio
		if allowed <= 0 {
			v.unknown = append(v.unknown, name)
			continue
		}
		v.lines = append(v.lines, line{name, best[name], best[name].Ratio / allowed, tooDear(name)})
	}
	for name := range base.Operations {
		if _, measured := best[name]; !measured {
			v.gone = append(v.gone, name)
		}
	}
	slices.Sort(v.gone)
	return v, nil
}

func (v verdict) dearer() (names []string) {
	for _, l := range v.lines {
		if l.dearer {
			names = append(names, l.name)
		}
	}
	return names
}

// err says why the verdict is a refusal.
func (v verdict) err() error {
	switch dearer := v.dearer(); {
	case len(dearer) > 0:
		return fmt.Errorf("dearer than committed by more than %.0f %% (what writes: %.0f %%), measured %d times: %v (where that is right: make bench-baseline)",
			(most-1)*100, (mostOfWrite-1)*100, v.tried, dearer)
	case len(v.unknown) > 0:
		return fmt.Errorf("the baseline does not know %v: make bench-baseline", v.unknown)
	case len(v.gone) > 0:
		return fmt.Errorf("the baseline has what is no longer measured: %v: make bench-baseline", v.gone)
	case len(v.lines) == 0:
		return errors.New("nothing was measured")
	}
	return nil
}

func (v verdict) print(to io.Writer, base baseline) {
	fmt.Fprintf(to, "The baseline: %s, %d cores, %s, %s, commit %s. Measured %d times; allowed ×%.2f for this processor.\n\n", base.Machine.Processor, base.Machine.Cores, base.Machine.OS, base.Machine.Go, base.Machine.Commit, v.tried, v.drift)
	fmt.Fprintf(to, "| operation | CPU µs/request | bare handler's | ratio | committed | × |\n|---|---|---|---|---|---|\n")
	for _, l := range v.lines {
		mark := ""
		if l.dearer {
			mark = " **too dear**"
		}
		fmt.Fprintf(to, "| %s | %.1f | %.1f | %.2f | %.2f | %.2f%s |\n", l.name, l.cost.CPU, l.cost.Bare, l.cost.Ratio, base.Operations[l.name].Ratio, l.times, mark)
	}
}
