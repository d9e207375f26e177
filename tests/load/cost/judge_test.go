package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/tests/alone"
)

// script gives, of each operation, one ratio after the other, and the last for ever.
func script(ratios map[string][]float64) (measure measuring, asked func() string) {
	times := map[string]int{}
	return func(_ context.Context, operations []string) (map[string]cost, error) {
		costs := map[string]cost{}
		for _, name := range operations {
			said := ratios[name]
			if len(said) == 0 {
				continue
			}
			costs[name] = cost{Ratio: said[min(times[name], len(said)-1)], CPU: 50, Bare: 10}
			times[name]++
		}
		return costs, nil
	}, func() string { return fmt.Sprint(times) }
}

// TestJudge: what is more than a fifth dearer each time is refused; what is so once or twice was the machine.
func TestJudge(t *testing.T) {
	t.Parallel()
	base := baseline{Operations: map[string]cost{"a": {Ratio: 10}, "b": {Ratio: 0.8}}}
	for name, c := range map[string]struct {
		ratios map[string][]float64
		dearer string
		tried  string
	}{
		"as committed":        {map[string][]float64{"a": {10}, "b": {0.8}}, "[]", "map[a:1 b:1]"},
		"cheaper":             {map[string][]float64{"a": {2}, "b": {0.1}}, "[]", "map[a:1 b:1]"},
		"a fifth":             {map[string][]float64{"a": {12}, "b": {0.95}}, "[]", "map[a:1 b:1]"},
		"more than a fifth":   {map[string][]float64{"a": {12.1}, "b": {0.8}}, "[a]", "map[a:3 b:1]"},
		"both":                {map[string][]float64{"a": {20}, "b": {0.97}}, "[a b]", "map[a:3 b:3]"},
		"the machine, once":   {map[string][]float64{"a": {20, 10.5}, "b": {0.8}}, "[]", "map[a:2 b:1]"},
		"the machine, twice":  {map[string][]float64{"a": {20, 30, 11}, "b": {0.8}}, "[]", "map[a:3 b:1]"},
		"dearer and dearer":   {map[string][]float64{"a": {13, 14, 15}, "b": {0.8}}, "[a]", "map[a:3 b:1]"},
		"each another's time": {map[string][]float64{"a": {20, 10}, "b": {2, 2, 0.8}}, "[]", "map[a:2 b:3]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			measure, asked := script(c.ratios)
			v, err := judge(t.Context(), base, 3, []string{"a", "b"}, measure)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(v.dearer()); got != c.dearer || asked() != c.tried {
				t.Errorf("refused are %s after %s, want %s after %s", got, asked(), c.dearer, c.tried)
			}
			var text strings.Builder
			v.print(&text, base)
			if strings.Count(text.String(), "**too dear**") != len(v.dearer()) {
				t.Errorf("the table is\n%s", text.String())
			}
		})
	}
}

// TestJudgeWants a baseline of just what is measured, and a measurement of all that is asked for.
func TestJudgeWants(t *testing.T) {
	t.Parallel()
	base := baseline{Operations: map[string]cost{"a": {Ratio: 10}, "old": {Ratio: 1}, "none": {}}}
	measure, _ := script(map[string][]float64{"a": {10}, "new": {10}, "none": {1}})
	v, err := judge(t.Context(), base, 3, []string{"a", "new", "none"}, measure)
	if err != nil || fmt.Sprint(v.unknown, v.gone, v.dearer()) != "[new none] [old] []" {
		t.Errorf("%v %v %v %v", v.unknown, v.gone, v.dearer(), err)
	}
	nothing, _ := script(nil)
	if _, err := judge(t.Context(), base, 3, []string{"a"}, nothing); err == nil {
		t.Error("what was not measured passes")
	}
	broken := errors.New("broken")
	if _, err := judge(t.Context(), base, 3, []string{"a"}, func(context.Context, []string) (map[string]cost, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a failure gives %v", err)
	}
}

// TestBaseline: of several measurements the one in the middle is committed, and read again.
func TestBaseline(t *testing.T) {
	t.Parallel()
	ratios := map[string][]float64{}
	for _, name := range names() {
		ratios[name] = []float64{9, 1, 5, 4, 100}
	}
	measure, _ := script(ratios)
	file := filepath.Join(t.TempDir(), "new", "baseline.json")
	if err := write(t.Context(), file, 5, alone.Here("abc"), measure); err != nil {
		t.Fatal(err)
	}
	b, err := read(file)
	if err != nil || len(b.Operations) != len(names()) || b.Machine.Commit != "abc" {
		t.Fatalf("%d operations of %+v: %v", len(b.Operations), b.Machine, err)
	}
	for name, c := range b.Operations {
		if c != (cost{5, 50, 10}) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if _, err := read(file + ".none"); err == nil {
		t.Error("there is a baseline where there is none")
	}
}
