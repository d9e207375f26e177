package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/tests/process"
)

// script returns the given ratios of each operation one after the other, and then repeats the last.
func script(ratios map[string][]float64) (measure measuring, times *int) {
	times = new(int)
	return func(context.Context) (map[string]cost, error) {
		costs := map[string]cost{}
		for name, said := range ratios {
			costs[name] = cost{Ratio: said[min(*times, len(said)-1)], CPU: 50, Bare: 10}
		}
		*times++
		return costs, nil
	}, times
}

// TestJudge checks that an operation that is more than a fifth more expensive in every measurement is refused. If it is
// so only once or twice, the machine was the cause.
func TestJudge(t *testing.T) {
	t.Parallel()
	base := baseline{Operations: map[string]cost{"a": {Ratio: 10}, "b": {Ratio: 0.8}}}
	for name, c := range map[string]struct {
		a, b      []float64
		expensive string
		times     int
	}{
		"as committed":         {[]float64{10}, []float64{0.8}, "[]", 1},
		"cheaper":              {[]float64{2}, []float64{0.1}, "[]", 1},
		"a fifth":              {[]float64{12}, []float64{0.95}, "[]", 1},
		"more than a fifth":    {[]float64{12.1}, []float64{0.8}, "[a]", 3},
		"both":                 {[]float64{20}, []float64{0.97}, "[a b]", 3},
		"the machine, once":    {[]float64{20, 10.5}, []float64{0.8}, "[]", 2},
		"the machine, twice":   {[]float64{20, 30, 11}, []float64{0.8}, "[]", 3},
		"each at another time": {[]float64{20, 10, 20}, []float64{0.8, 2, 2}, "[]", 2},
		"more each time":       {[]float64{13, 14, 15}, []float64{0.8}, "[a]", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			measure, times := script(map[string][]float64{"a": c.a, "b": c.b})
			v, err := judge(t.Context(), base, "", 3, measure)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(v.expensive()); got != c.expensive || *times != c.times || v.tried != c.times {
				t.Errorf("refused: %s after %d measurements, want %s after %d", got, *times, c.expensive, c.times)
			}
			var text strings.Builder
			v.print(&text, base)
			if strings.Count(text.String(), "**too expensive**") != len(v.expensive()) {
				t.Errorf("the table is\n%s", text.String())
			}
		})
	}
}

// TestJudgeOfWrites checks that writes, which vary more, have a higher bound.
func TestJudgeOfWrites(t *testing.T) {
	t.Parallel()
	for ratio, refused := range map[float64]bool{15: false, 16.1: true} {
		v, err := judge(t.Context(), baseline{Operations: map[string]cost{"a": {Ratio: 10}}}, "", 2,
			func(context.Context) (map[string]cost, error) {
				return map[string]cost{"a": {Ratio: ratio, Write: true}}, nil
			})
		if err != nil || len(v.expensive()) == 1 != refused {
			t.Errorf("×%.2f: refused: %v (%v)", ratio/10, v.expensive(), err)
		}
	}
}

// TestJudgeOnAnotherProcessor checks that on another processor all operations may be more expensive together, within a
// bound, but not one alone.
func TestJudgeOnAnotherProcessor(t *testing.T) {
	t.Parallel()
	base := baseline{Operations: map[string]cost{"a": {Ratio: 10}, "b": {Ratio: 10}, "c": {Ratio: 10}}}
	base.Machine.Processor = "committed"
	for name, c := range map[string]struct {
		here      string
		said      [3]float64
		expensive string
	}{
		"here":                              {"committed", [3]float64{12.5, 12.5, 12.5}, "[a b c]"},
		"all, elsewhere":                    {"other", [3]float64{12.5, 12.5, 14.5}, "[]"},
		"one, elsewhere":                    {"other", [3]float64{12.5, 12, 16}, "[c]"},
		"all too expensive":                 {"other", [3]float64{17, 17, 17}, "[a b c]"},
		"one, while the others are cheaper": {"other", [3]float64{8, 8, 12.5}, "[c]"},
	} {
		measure, _ := script(map[string][]float64{"a": {c.said[0]}, "b": {c.said[1]}, "c": {c.said[2]}})
		if v, err := judge(t.Context(), base, c.here, 2, measure); err != nil || fmt.Sprint(v.expensive()) != c.expensive {
			t.Errorf("%s: refused: %v (%v)", name, v.expensive(), err)
		}
	}
}

// TestJudgeComparesTheNames checks that the baseline must have exactly the measured operations.
func TestJudgeComparesTheNames(t *testing.T) {
	t.Parallel()
	base := baseline{Operations: map[string]cost{"a": {Ratio: 10}, "old": {Ratio: 1}, "none": {}}}
	measure, _ := script(map[string][]float64{"a": {10}, "new": {10}, "none": {1}})
	v, err := judge(t.Context(), base, "", 3, measure)
	if err != nil || fmt.Sprint(v.unknown, v.gone, v.expensive()) != "[new none] [old] []" || v.err() == nil {
		t.Errorf("%v %v %v %v", v.unknown, v.gone, v.expensive(), err)
	}
	broken := errors.New("broken")
	if _, err := judge(t.Context(), base, "", 3, func(context.Context) (map[string]cost, error) {
		return nil, broken
	}); !errors.Is(err, broken) {
		t.Errorf("a failure returns %v", err)
	}
}

// TestVerdict checks that the verdict is an error if an operation is too expensive or the baseline has other
// operations.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		v    verdict
		says string
	}{
		"good": {verdict{lines: []line{{name: "a"}}, tried: 1}, ""},
		"expensive": {
			verdict{lines: []line{{name: "a", expensive: true}}, tried: 3},
			"more expensive than committed by over 20 % (writes: 60 %), measured 3 times: [a]",
		},
		"unknown": {verdict{unknown: []string{"b"}}, "lacks [b]"},
		"gone":    {verdict{gone: []string{"c"}}, "no longer measured: [c]"},
		"nothing": {verdict{}, "nothing was measured"},
	} {
		if got := fmt.Sprint(c.v.err()); c.says == "" && c.v.err() != nil || !strings.Contains(got, c.says) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestBaseline checks that the median of several measurements is written, and read again.
func TestBaseline(t *testing.T) {
	t.Parallel()
	measure, _ := script(map[string][]float64{"a": {9, 1, 5, 4, 100}, "b": {2, 2, 3, 3, 3}})
	file := filepath.Join(t.TempDir(), "new", "baseline.json")
	if err := write(t.Context(), file, 5, process.Here("abc"), measure); err != nil {
		t.Fatal(err)
	}
	b, err := read(file)
	if err != nil || b.Machine.Commit != "abc" || fmt.Sprint(b.Operations) != "map[a:{5 50 10 false} b:{3 50 10 false}]" {
		t.Fatalf("%+v: %v", b, err)
	}
	if _, err := read(file + ".none"); err == nil {
		t.Error("a missing baseline is read without an error")
	}
}
