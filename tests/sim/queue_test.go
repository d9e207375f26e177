package sim_test

import (
	"math"
	"testing"

	"fivechat.dev/tests/sim"
)

func near(t *testing.T, what string, got, want, part float64) {
	t.Helper()
	if math.Abs(got-want) > part*math.Abs(want) {
		t.Errorf("%s is %g, want %g within %g of it", what, got, want, part)
	}
}

// TestKnownQueues compares with known results: M/M/1 and M/M/2 in closed form, and values of Erlang's C from the tables
// of telephone traffic.
func TestKnownQueues(t *testing.T) {
	t.Parallel()
	for _, load := range []float64{0.1, 0.5, 0.9, 0.99} {
		one := sim.Queue{Servers: 1, Rate: load * 10, Service: 0.1}
		near(t, "M/M/1 waits", one.Waits(), load, 1e-9)
		near(t, "M/M/1 mean", one.Mean(), 0.1/(1-load), 1e-9)
		near(t, "M/M/1 99th percentile", one.Within(0.99), math.Log(100)*0.1/(1-load), 1e-6)
		two := sim.Queue{Servers: 2, Rate: 2 * load * 10, Service: 0.1}
		near(t, "M/M/2 waits", two.Waits(), 2*load*load/(1+load), 1e-9)
		near(t, "M/M/2 mean", two.Mean(), 0.1/(1-load*load), 1e-9)
	}
	near(t, "C(10, 8)", sim.Queue{Servers: 10, Rate: 8, Service: 1}.Waits(), 0.4092, 1e-3)
	near(t, "C(100, 90)", sim.Queue{Servers: 100, Rate: 90, Service: 1}.Waits(), 0.2168, 1e-2)
	many := sim.Queue{Servers: 100_000, Rate: 50_000, Service: 1}
	near(t, "many servers' 99th percentile", many.Within(0.99), math.Log(100), 1e-6)
	full := sim.Queue{Servers: 2, Rate: 20, Service: 0.1}
	if !math.IsInf(full.Mean(), 1) || !math.IsInf(full.Within(0.5), 1) || full.Beyond(1e9) != 1 {
		t.Error("a full queue has a finite time")
	}
}

// TestSimulation compares single requests with the formulas, and two queues in series with the sum of two exponential
// times, which they equal by Burke's theorem.
func TestSimulation(t *testing.T) {
	t.Parallel()
	const requests = 200_000
	at := func(took []float64, part float64) float64 { return took[int(part*float64(len(took)))] }
	mean := func(took []float64) float64 {
		sum := 0.0
		for _, x := range took {
			sum += x
		}
		return sum / float64(len(took))
	}
	for _, servers := range []int{1, 2, 8} {
		q := sim.Queue{Servers: servers, Rate: 0.7 * float64(servers) / 0.01, Service: 0.01}
		const places, seeds = 5, 3
		var means, medians, highs float64
		for seed := range uint64(seeds) {
			took := sim.Simulate(seed, q.Rate*places, requests, []sim.Station{{Places: places, Servers: servers}},
				[]sim.Path{{Share: 1, Visits: []sim.Visit{{Service: 0.01}}}})
			means, medians, highs = means+mean(took)/seeds, medians+at(took, 0.5)/seeds, highs+at(took, 0.99)/seeds
		}
		near(t, "the mean", means, q.Mean(), 0.02)
		near(t, "the median", medians, q.Within(0.5), 0.02)
		near(t, "the 99th percentile", highs, q.Within(0.99), 0.04)
	}
	paths := []sim.Path{{Share: 1, Visits: []sim.Visit{{0, 0.01}, {1, 0.01}}}}
	took := sim.Simulate(2, 50, requests, []sim.Station{{1, 1}, {1, 1}}, paths)
	near(t, "the mean of two", mean(took), 2*0.02, 0.02)
	rate, high := 1/0.02, at(took, 0.99)
	near(t, "the share beyond the sum's quantile", math.Exp(-rate*high)*(1+rate*high), 0.01, 0.1)

	halves := []sim.Path{
		{Share: 0.5, Visits: []sim.Visit{{0, 0.001}}},
		{Share: 0.5, Visits: []sim.Visit{{0, 0.001}, {1, 1}}},
	}
	took = sim.Simulate(3, 1, requests, []sim.Station{{1, 100}, {1, 100}}, halves)
	near(t, "half of them take", mean(took), 0.5, 0.02)
}
