package sim

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Rates are the rates of the documented tables, in requests/s.
var Rates = []float64{1e3, 1e5, 1e7}

// Tables writes the results of the model as Markdown.
func (m Model) Tables(w io.Writer) {
	m.measured(w)
	m.needs(w)
	m.ceilings(w)
	m.growth(w)
	m.store(w)
	m.memories(w)
}

// table writes a heading and rows; the first column is text, the others are numbers.
func table(w io.Writer, title string, rows [][]string) {
	fmt.Fprintf(w, "\n**%s**\n\n", title)
	for i, row := range rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|---|%s\n", strings.Repeat("--:|", len(row)-1))
		}
	}
}

// number formats a figure with two significant digits and commas.
func number(x float64) string {
	switch {
	case math.IsInf(x, 1):
		return "∞"
	case x == 0:
		return "0"
	case x < 100:
		return fmt.Sprintf("%.2g", x)
	}
	scale := math.Pow(10, math.Floor(math.Log10(x))-1)
	return commas(math.Round(x/scale) * scale)
}

func commas(x float64) string {
	digits := fmt.Sprintf("%.0f", x)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func count(n int) string { return commas(float64(n)) }

func (m Model) measured(w io.Writer) {
	rows := [][]string{{
		"Request", "Share", "Gateway", "Services", "Store", "Redis", "Commands", "Writes among them",
		"Events", "Bytes sent", "Bytes stored",
	}}
	add := func(name, share string, o Operation) {
		services := 0.
		for _, c := range Components[1:] {
			services += o.CPU[c]
		}
		rows = append(rows, []string{
			name, share, number(o.CPU[gateway]), number(services), number(o.CPU[store]),
			number(o.CPU[redis]),
			number(o.Mongo), number(o.Writes), number(o.Events), number(o.Sent), number(o.Stored),
		})
	}
	names := make([]string, 0, len(m.Mix))
	for name := range m.Mix {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if m.Mix[a] != m.Mix[b] {
			return int(math.Copysign(1, m.Mix[b]-m.Mix[a]))
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		add("`"+name+"`", fmt.Sprintf("%.0f %%", 100*m.Mix[name]), m.Operations[name])
	}
	add("an event without a request", "", m.Event)
	table(w, "Cost of a request (µs of CPU time by layer; "+m.Measured+")", rows)
}

func (m Model) needs(w io.Writer) {
	plans := make([]Plan, len(Rates))
	head := []string{"Requests/s"}
	for i, r := range Rates {
		plans[i] = m.Plan(r)
		head = append(head, count(int(r)))
	}
	rows := [][]string{head}
	add := func(name string, of func(Plan) string) {
		row := []string{name}
		for _, p := range plans {
			row = append(row, of(p))
		}
		rows = append(rows, row)
	}
	for i, c := range Components {
		add("pods of "+c, func(p Plan) string {
			if p.Pods[i].Why != "work" {
				return count(p.Pods[i].Places) + " (" + p.Pods[i].Why + ")"
			}
			return count(p.Pods[i].Places)
		})
	}
	add("shards for the load, of 3 members each", func(p Plan) string { return count(p.Shards.Places) })
	add("shards for the rows of a year", func(p Plan) string { return count(p.Rows) })
	add("Redis nodes for quotas and shared caches, each with a replica", func(p Plan) string {
		return count(p.Redis.Places)
	})
	add("Redis nodes for event streams, each with a replica", func(p Plan) string { return count(p.Carriers) })
	add("partitions of the busiest log (1 today)", func(p Plan) string { return count(p.Partitions) })
	add("open event streams", func(p Plan) string { return number(p.Streams) })
	add("connections to the store in use", func(p Plan) string { return number(p.InUse) })
	add("connections to the store at most", func(p Plan) string { return number(float64(p.Connections)) })
	add("cores", func(p Plan) string { return number(float64(p.Cores)) })
	add("memory, GiB", func(p Plan) string { return number(p.Memory) })
	add("price of a million requests", func(p Plan) string { return fmt.Sprintf("%.3f", p.Million) })
	add("median and 99th percentile, ms (simulated)", func(p Plan) string {
		if p.Rate > simulated {
			return "as for the lower rate"
		}
		median, high := m.Latency(p)
		return fmt.Sprintf("%.1f, %.1f", 1000*median, 1000*high)
	})
	table(w, "Resources for a rate", rows)
}

// The bounds of a simulation: at higher rates, this number of requests wouldn't fill the queues.
const (
	simulated = 1e5
	requests  = 200_000
)

// Latency simulates a plan, and returns the median and the 99th percentile in seconds.
func (m Model) Latency(p Plan) (median, high float64) {
	stations, paths := m.Paths(p)
	took := Simulate(1, p.Rate, requests, stations, paths)
	return took[len(took)/2], took[len(took)*99/100]
}

func (m Model) ceilings(w io.Writer) {
	rows := [][]string{{"Bottleneck", "At requests/s", "Remedy"}}
	for _, c := range m.Ceilings() {
		rows = append(rows, []string{c.What, number(c.Rate), c.Then})
	}
	table(w, "First bottlenecks: limits that more replicas don't raise", rows)
}

func (m Model) growth(w io.Writer) {
	rows := [][]string{{"Planned for requests/s", "First bottleneck, at", "Second", "Third"}}
	for _, r := range Rates {
		row := []string{count(int(r))}
		for _, s := range m.Plan(r).First()[:3] {
			row = append(row, fmt.Sprintf("%s, ×%.1f", s.Name, s.Growth()))
		}
		rows = append(rows, row)
	}
	table(w, "Growth without added resources", rows)
}

// store shows how the results depend on the unknown cost of a real MongoDB.
func (m Model) store(w io.Writer) {
	rows := [][]string{{"CPU time of a command in MongoDB, relative to the embedded store"}}
	for _, r := range Rates {
		rows[0] = append(rows[0], "Shards at "+count(int(r)))
	}
	for _, factor := range []float64{0.5, 1, 3} {
		other := m
		other.Store = m.Store * factor
		row := []string{fmt.Sprintf("× %g: %s µs", other.Store, number(other.command()))}
		for _, r := range Rates {
			row = append(row, count(other.Plan(r).Shards.Places))
		}
		rows = append(rows, row)
	}
	table(w, "If MongoDB needs more or less CPU time: shards for the load", rows)
}

func (m Model) memories(w io.Writer) {
	rows := [][]string{{"Cache of the gateway", "Lifetime", "Lookups a second"}}
	for _, r := range Rates {
		rows[0] = append(rows[0], "Misses at "+count(int(r)))
	}
	for _, c := range []struct {
		name           string
		rate, remember float64
	}{
		{"a website's token", m.Website, rememberedToken},
		{"a visitor", m.Caller, rememberedVisitor},
		{"a widget", m.Website, rememberedWidget},
	} {
		row := []string{c.name, fmt.Sprintf("%g s", c.remember), number(c.rate)}
		for _, r := range Rates {
			row = append(row, fmt.Sprintf("%.0f %%", 100*Missed(c.rate, c.remember, m.edge(r).Places)))
		}
		rows = append(rows, row)
	}
	row := []string{"a quota's lease: commands to Redis per request", "60 s", ""}
	for _, r := range Rates {
		row = append(row, number(m.quotas(m.edge(r).Places)))
	}
	table(w, "Effect of the gateway's caches and leases", append(rows, row))
}
