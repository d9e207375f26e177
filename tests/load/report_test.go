package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/load/mix"
	"fivechat.dev/tests/process"
)

// round is an example of a round's result.
func round() *measured {
	quick, slow := newOutcome("quick"), newOutcome("slow")
	for i := range 100 {
		quick.took(time.Duration(i+1)*time.Millisecond, "")
	}
	slow.took(time.Second, "")
	slow.took(2*time.Second, "503")
	slow.took(3*time.Second, "not sent")
	slow.took(time.Hour, "no answer")
	return &measured{
		mix: mix.Mix{Name: "site"}, rate: 10, operations: []*outcome{quick, slow}, late: newTimes(), full: 1,
		took: 10 * time.Second, used: 104 * time.Millisecond, resident: 5e6,
	}
}

// TestReport checks that rounds are merged, and that the table and the files show everything that failed or was late.
func TestReport(t *testing.T) {
	t.Parallel()
	m := round()
	r := report{Machine: process.Here("abc"), samples: m.lines()}
	m.merge(round())
	r.samples = append(r.samples, round().lines()...)
	r.Mixes = []result{m.result()}
	var text strings.Builder
	r.print(&text)
	for _, want := range []string{
		"commit abc", "**site** at 10 requests/s for 20 s; 1000 µs of CPU time a request, 5 MB resident",
		"reached: 2 came late or never",
		"| quick | 10.0 | 10.0 | 50.", "| slow | 0.4 | 0.1 | ", "503: 2, no answer: 2, not sent: 2", "| all | 10.4 | 10.1 | ",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the table does not contain %q:\n%s", want, text.String())
		}
	}
	file := filepath.Join(t.TempDir(), "new", "file")
	if err := r.write(file); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal(written, &back); err != nil {
		t.Fatal(err)
	}
	slow := back.Mixes[0].Operations[1]
	if slow.Errors["not sent"] != 2 || slow.Max < 119_000 || slow.P50 < 1_990 || slow.P50 > 2_010 ||
		back.Machine.Commit != "abc" {
		t.Errorf("the file has %+v of %+v", slow, back.Machine)
	}
	samples, err := os.ReadFile(file + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"commit: abc\n", "BenchmarkLoad/site 104 ", " 1000000 cpu-ns/req 5000000 resident-B\n",
		"BenchmarkLoad/site/slow 4 ",
	} {
		if n := strings.Count(string(samples), want); n != 2 && !strings.HasPrefix(want, "commit") || n == 0 {
			t.Errorf("%q is there %d times in\n%s", want, n, samples)
		}
	}
}

// TestHolds checks that a rate holds if all requests have the expected status and 99 of 100 are in time.
func TestHolds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		took   time.Duration
		failed string
		holds  bool
	}{
		"in time": {10 * time.Millisecond, "", true}, "late": {60 * time.Millisecond, "", false},
		"refused": {time.Millisecond, "429", false},
	} {
		o := newOutcome("o")
		for range 10 {
			o.took(time.Millisecond, "")
		}
		o.took(c.took, c.failed)
		if m := (&measured{operations: []*outcome{o}}); m.holds(50*time.Millisecond) != c.holds {
			t.Errorf("%s: held is %t", name, !c.holds)
		}
	}
}
