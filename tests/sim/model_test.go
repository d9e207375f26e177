package sim_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/sim"
)

func model(t *testing.T) sim.Model {
	t.Helper()
	f, err := sim.Read()
	if err != nil {
		t.Fatal(err)
	}
	return sim.Model{Figures: f, Assumptions: sim.Default()}
}

// TestFiguresAreConsistent: during the measurement, processors worked no longer than the elapsed time (the utilisation
// law), and most of it, because 16 clients kept them busy. Operations that cost less than their client are bound by the
// client.
func TestFiguresAreConsistent(t *testing.T) {
	t.Parallel()
	m := model(t)
	for name, share := range m.Mix {
		o, measured := m.Operations[name]
		if !measured || share <= 0 {
			t.Errorf("%s is in the mix, but was not measured", name)
			continue
		}
		busy := 0.
		for _, µs := range o.CPU {
			busy += o.Rate * µs / 1e6 / float64(m.On)
		}
		if busy > 1 || busy < 0.3 {
			t.Errorf("%s at %g per second uses processors for %.0f %% of their time", name, o.Rate, 100*busy)
		}
	}
	// A relay and a follower that kept up with their backlog had at most one core each.
	for what, rate := range map[string]float64{"relayed": m.Relayed, "followed": m.Followed} {
		if rate < 1000 || rate > 1e6/m.Event.CPU["statistics"] {
			t.Errorf("%g per second were %s", rate, what)
		}
	}
}

func TestSharesSumToOne(t *testing.T) {
	t.Parallel()
	sum := 0.
	for _, share := range sim.Default().Mix {
		sum += share
	}
	near(t, "the sum of shares", sum, 1, 1e-9)
}

// TestPlans: a plan sustains its rate within the objective. Twice the rate needs about twice the resources. Nothing is
// idle except for the minimal numbers.
func TestPlans(t *testing.T) {
	t.Parallel()
	m := model(t)
	for _, rate := range sim.Rates {
		p := m.Plan(rate)
		for _, s := range append(p.Pods, p.Shards, p.Redis) {
			if u := s.Queue.Utilisation(); u > m.Full || u <= 0 {
				t.Errorf("%s has the utilisation %.2f at %g", s.Name, u, rate)
			}
		}
		if twice := m.Plan(2 * rate); rate > 1e4 {
			near(t, "the cores for twice the rate", float64(twice.Cores), 2*float64(p.Cores), 0.05)
			near(t, "its price", twice.Million, p.Million, 0.05)
		}
	}
	_, high := m.Latency(m.Plan(1e5))
	if high > m.P99 {
		t.Errorf("the 99th percentile is %g s, want at most %g", high, m.P99)
	}
}

// TestLowerObjectiveNeedsMore: a lower objective needs more places, and an objective that no number of places meets
// doesn't add places without end.
func TestLowerObjectiveNeedsMore(t *testing.T) {
	t.Parallel()
	m := model(t)
	loose := m.Plan(1e5)
	m.P99 = 0.02
	tight := m.Plan(1e5)
	if tight.Cores <= loose.Cores || tight.Pods[1].Places < loose.Pods[1].Places {
		t.Errorf("%d cores for 20 ms, %d for 250", tight.Cores, loose.Cores)
	}
	m.P99 = 1e-6
	if m.Plan(1e5).Cores <= tight.Cores {
		t.Error("an unreachable objective adds no places")
	}
}

// TestPlanDoesNotSustainAMultiple: a plan for a rate does not sustain a multiple of it.
func TestPlanDoesNotSustainAMultiple(t *testing.T) {
	t.Parallel()
	m := model(t)
	p := m.Plan(1e5)
	first := p.First()[0]
	q := first.Queue
	q.Rate *= 1.01 * first.Growth()
	if first.Growth() <= 1 || q.Utilisation() < 1 {
		t.Errorf("%s sustains ×%g", first.Name, first.Growth())
	}
	p.Rate *= 3
	_, before := m.Latency(m.Plan(1e5))
	if _, high := m.Latency(p); high < 10*before {
		t.Errorf("three times the rate takes %g s, and one %g", high, before)
	}
}

// TestMissed: a cache with one lookup per lifetime misses half of the lookups.
func TestMissed(t *testing.T) {
	t.Parallel()
	near(t, "once", sim.Missed(1, 1, 1), 0.5, 1e-9)
	near(t, "often", sim.Missed(99, 1, 1), 0.01, 1e-9)
	near(t, "over pods", sim.Missed(10, 10, 100), 0.5, 1e-9)
}

// TestCeilings: the bottlenecks are in order, and each is at the rate at which something that does not scale is full.
func TestCeilings(t *testing.T) {
	t.Parallel()
	m := model(t)
	all := m.Ceilings()
	for i := range all[1:] {
		if all[i].Rate > all[i+1].Rate || all[i].Rate < 1 {
			t.Errorf("%v is before %v", all[i], all[i+1])
		}
	}
	if p := m.Plan(all[0].Rate * 1.01); p.Shards.Places < 2 && p.Redis.Places < 2 && p.Partitions < 2 {
		t.Errorf("no number is above one beyond %v", all[0])
	}
	if p := m.Plan(all[0].Rate * 0.9); p.Shards.Places > 1 || p.Redis.Places > 1 || p.Partitions > 1 {
		t.Errorf("%d shards, %d of Redis and %d parts before %v", p.Shards.Places, p.Redis.Places, p.Partitions, all[0])
	}
}

// TestScalingPageIsFresh checks that docs/scaling.md has the tables that the simulation prints.
func TestScalingPageIsFresh(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(harness.Root(t), "docs", "scaling.md"))
	if err != nil {
		t.Fatal(err)
	}
	var tables bytes.Buffer
	model(t).Tables(&tables)
	printed, err := sim.Put(page, tables.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, printed) {
		t.Error("docs/scaling.md differs from the output of the simulation: make sim")
	}
	if _, err := sim.Put([]byte("a page\n<!-- tables -->\n"), nil); err == nil {
		t.Error("a page without marks for tables accepts some")
	}
}
