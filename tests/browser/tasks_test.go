package browser

import (
	"encoding/json"
	"slices"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
)

// traceEvent is an event of the browser's trace, of which a test needs these members.
type traceEvent struct {
	Name    string
	Process int64   `json:"pid"`
	Thread  int64   `json:"tid"`
	Start   float64 `json:"tts"`  // the processor time of its thread when it began, in µs
	Took    float64 `json:"tdur"` // its processor time in µs
	Args    struct{ Name string }
}

// tasks returns how long the tasks of pages' main threads are while do runs, the longest first, in milliseconds of
// processor time. Other work of the machine lengthens them less than those of a PerformanceObserver. Use it in tests
// that run alone: the trace has the tasks of all windows.
func (w *window) tasks(do func()) []float64 {
	w.t.Helper()
	w.trace = make(chan []traceEvent, 1)
	send(w, tracing.Start, tracing.StartParams{
		TransferMode: tracing.StartTransferModeReportEvents,
		TraceConfig:  &tracing.TraceConfig{IncludedCategories: []string{"toplevel", "devtools.timeline"}},
	})
	do()
	send(w, tracing.End, cdp.Empty{})
	type thread struct{ process, thread int64 }
	threads, main := map[thread][]traceEvent{}, map[thread]bool{}
	for _, e := range <-w.trace {
		of := thread{e.Process, e.Thread}
		if e.Took > 0 {
			threads[of] = append(threads[of], e)
		}
		if e.Name == "thread_name" && e.Args.Name == "CrRendererMain" {
			main[of] = true
		}
	}
	var took []float64
	for of := range main {
		took = append(took, outermost(threads[of])...)
	}
	if len(took) == 0 {
		w.t.Fatalf("the trace has no task of %d main threads", len(main))
	}
	slices.Sort(took)
	slices.Reverse(took)
	return took
}

// outermost returns the milliseconds of the events that aren't part of another one: tasks, and microtasks that the
// browser runs between them.
func outermost(events []traceEvent) (took []float64) {
	slices.SortStableFunc(events, func(a, b traceEvent) int {
		if a.Start != b.Start {
			return int(a.Start - b.Start)
		}
		return int(b.Took - a.Took)
	})
	end := 0.0
	for _, e := range events {
		if e.Start >= end {
			took = append(took, e.Took/1000)
			end = e.Start + e.Took
		}
	}
	return took
}

// collect keeps the events of a trace until it is complete.
func (w *window) collect(event any) {
	switch e := event.(type) {
	case *tracing.EventDataCollected:
		for _, raw := range e.Value {
			var made traceEvent
			_ = json.Unmarshal(raw, &made) // some have other args
			w.events = append(w.events, made)
		}
	case *tracing.EventTracingComplete:
		w.trace <- w.events
		w.events = nil
	}
}
