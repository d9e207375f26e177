package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"fivechat.dev/tests/alone"
	"fivechat.dev/tests/load/mix"
)

// most is how many times its baseline an operation may cost. A tenth of that was seen to come and go by itself
// (docs/performance).
const most = 1.20

// cost is what an operation took of the processors.
type cost struct {
	Ratio float64 `json:"ratio"` // to a bare handler's
	CPU   float64 `json:"cpuMicroseconds"`
	Bare  float64 `json:"bareMicroseconds"`
}

// baseline is what operations may cost. Its ratios are compared; its times tell where they come from.
type baseline struct {
	Machine    alone.Machine   `json:"machine"`
	Operations map[string]cost `json:"operations"`
}

// measuring gives the costs of operations by their names.
type measuring func(ctx context.Context, operations []string) (map[string]cost, error)

// names are the operations that are measured.
func names() (all []string) {
	for _, m := range mix.Each(mix.Mixes) {
		all = append(all, m.Name)
	}
	return all
}

func read(file string) (b baseline, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal(text, &b)
}

// write measures n times, and writes of each operation the measurement with the median of ratios.
func write(ctx context.Context, file string, n int, here alone.Machine, measure measuring) error {
	all := map[string][]cost{}
	for range n {
		costs, err := measure(ctx, names())
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
}

// line is an operation beside its baseline.
type line struct {
	name   string
	cost   cost // of its cheapest measurement
	times  float64
	tried  int
	dearer bool
}

// judge measures operations and compares them with the baseline. What seems too dear is measured again, and the cheapest
// measurement counts: a machine can make an operation seem dearer, never cheaper than it is by so much.
func judge(ctx context.Context, base baseline, attempts int, operations []string, measure measuring) (v verdict, err error) {
	best, tried := map[string]cost{}, map[string]int{}
	known := slices.DeleteFunc(slices.Clone(operations), func(name string) bool { return base.Operations[name].Ratio <= 0 })
	tooDear := func(name string) bool { return best[name].Ratio > most*base.Operations[name].Ratio }
	for again := known; len(again) > 0 && attempts > 0; attempts-- {
		costs, err := measure(ctx, again)
		if err != nil {
			return v, err
		}
		for _, name := range again {
			c, there := costs[name]
			if !there || c.Ratio <= 0 {
				return v, fmt.Errorf("%s was not measured", name)
			}
			if tried[name]++; tried[name] == 1 || c.Ratio < best[name].Ratio {
				best[name] = c
			}
		}
		again = slices.DeleteFunc(slices.Clone(again), func(name string) bool { return !tooDear(name) })
	}
	for _, name := range operations {
		if !slices.Contains(known, name) {
			v.unknown = append(v.unknown, name)
			continue
		}
		v.lines = append(v.lines, line{name, best[name], best[name].Ratio / base.Operations[name].Ratio, tried[name], tooDear(name)})
	}
	for name := range base.Operations {
		if !slices.Contains(operations, name) {
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

func (v verdict) print(to io.Writer, base baseline) {
	fmt.Fprintf(to, "The baseline: %s, %d cores, %s, %s, commit %s\n\n", base.Machine.Processor, base.Machine.Cores, base.Machine.OS, base.Machine.Go, base.Machine.Commit)
	fmt.Fprintf(to, "| operation | CPU µs/request | bare handler's | ratio | committed | × | measured |\n|---|---|---|---|---|---|---|\n")
	for _, l := range v.lines {
		mark := ""
		if l.dearer {
			mark = " **too dear**"
		}
		fmt.Fprintf(to, "| %s | %.1f | %.1f | %.2f | %.2f | %.2f%s | %d |\n", l.name, l.cost.CPU, l.cost.Bare, l.cost.Ratio, base.Operations[l.name].Ratio, l.times, mark, l.tried)
	}
}
