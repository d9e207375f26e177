package sim

import (
	"math"
	"slices"
	"sort"
)

// Sized is a station with its number of places, each a queue.
type Sized struct {
	Name   string
	Places int
	Queue  Queue // at one of the places
	Why    string
}

// Growth is the factor by which the rate may grow at a station.
func (s Sized) Growth() float64 { return 1 / s.Queue.Utilisation() }

// Plan is the resources for a rate of requests.
type Plan struct {
	Rate        float64
	Pods        []Sized // by component
	Shards      Sized
	Rows        int // shards for the documents of a year
	Redis       Sized
	Carriers    int     // nodes of Redis for the logs
	Partitions  int     // of the busiest log; it has one today
	Streams     float64 // open ones
	InUse       float64 // connections to the store with a command in progress
	Connections int     // at most
	Cores       int
	Memory      float64 // GiB
	Million     float64 // price of a million requests
}

// Plan sizes every station for a rate of requests.
func (m Model) Plan(rate float64) Plan {
	p := Plan{Rate: rate, Streams: rate * m.Streams, Partitions: m.partitions(rate)}
	edge := m.edge(rate)
	p.Pods = append(p.Pods, edge)
	for _, c := range Components[1:] {
		p.Pods = append(p.Pods, m.component(c, rate, edge.Places, p.Partitions))
	}
	commands := rate * m.commands(edge.Places)
	p.Shards = m.station("shards", commands, m.command()/1e6, m.ShardCores, m.ShardFull, 1)
	p.Rows = int(math.Ceil(rate * m.Average * m.mix(func(_ string, o Operation) float64 {
		return o.Stored
	}) * 365 * 86400 / m.ShardRows))
	p.Redis = m.station("Redis", rate*(m.quotas(edge.Places)+m.missed("widgets", edge.Places)), m.asking()/1e6, 1,
		m.RedisFull, 1)
	p.Carriers = int(math.Ceil(m.fanOut(rate, p.Pods[1].Places, p.Partitions) / m.Wire))
	p.InUse = commands * (m.command()/1e6 + m.Trip)
	members := 3 * max(p.Shards.Places, p.Rows)
	for _, s := range p.Pods {
		p.Cores += s.Places * m.Cores
		p.Memory += float64(s.Places) * m.memory(s.Name)
		if s.Name != gateway {
			p.Connections += s.Places * poolSize
		}
	}
	nodes := 2 * (p.Redis.Places + p.Carriers)
	p.Cores += members*m.ShardCores + nodes
	p.Memory += float64(members)*m.ShardMemory + float64(nodes)*m.RedisMemory
	p.Million = (float64(p.Cores)*m.CoreHour + p.Memory*m.GiBHour) / (rate * 3600) * 1e6
	return p
}

func (m Model) memory(component string) float64 {
	if gib, named := m.Memory[component]; named {
		return gib
	}
	return m.Memory[""]
}

// stops is the maximal number of queues on a request's path: components, and the store for each command.
const stops = 20

// station returns the least number of places, but at least least, with which no place exceeds the wanted utilisation or
// takes more than a stop's share of the objective.
func (m Model) station(name string, rate, service float64, servers int, full float64, least int) Sized {
	s := Sized{
		name, max(int(math.Ceil(rate*service/(float64(servers)*full))), least),
		Queue{Servers: servers, Service: service},
		"work",
	}
	alone := Queue{Servers: servers, Service: service}.Within(0.99) // more places don't make it faster
	for {
		s.Queue.Rate = rate / float64(s.Places)
		if s.Queue.Within(0.99) <= max(m.P99/stops, 1.1*alone) {
			return s
		}
		s.Places, s.Why = s.Places+1+s.Places/50, "time"
	}
}

// held is how many streams fit into a pod: half of its memory is for them.
func (m Model) held(component string) float64 {
	return m.memory(component) * (1 << 30) / 2 / m.StreamMemory
}

// edge sizes the gateway, for work or for open streams.
func (m Model) edge(rate float64) Sized {
	s := m.station(gateway, rate, m.work(gateway)/1e6, m.Cores, m.Full, 2)
	return s.atLeast(int(math.Ceil(rate*m.Streams/m.held(gateway))), rate, "streams")
}

func (s Sized) atLeast(places int, rate float64, why string) Sized {
	if places > s.Places {
		s.Places, s.Why, s.Queue.Rate = places, why, rate/float64(places)
	}
	return s
}

// component sizes a service. A pod of conversations also receives events: all of them, or those of a part of the logs.
func (m Model) component(name string, rate float64, edges, partitions int) Sized {
	missed := m.missed(name, edges)
	asked := m.asked(name) + missed
	if asked == 0 {
		asked = 1e-9
	}
	service := (m.work(name) + missed*m.Lookup) / asked / 1e6
	if name != chat {
		return m.station(name, rate*asked, service, m.Cores, m.Full, 2)
	}
	hearing := rate * m.events("") / float64(partitions) * m.Hearing / 1e6 // cores of each pod
	s := m.station(name, rate*asked, service, m.Cores, m.Full-hearing/float64(m.Cores), 2)
	// Receiving events makes everything else in a pod slower.
	s.Queue.Service /= 1 - hearing/float64(m.Cores)
	return s.atLeast(int(math.Ceil(rate*m.Streams/m.held(name))), rate*asked, "streams")
}

// fanOut is the bytes/s that Redis sends to the readers of the logs.
func (m Model) fanOut(rate float64, hearers, partitions int) float64 {
	return rate * m.events("") * m.Event.Stored * math.Ceil(float64(hearers)/float64(partitions))
}

// Paths returns the stations and paths of a plan, for Simulate. Each operation visits the gateway, the components that
// it takes time of, and the store for each command: over the network and, if it writes, until the write is in the
// journal.
func (m Model) Paths(p Plan) (stations []Station, paths []Path) {
	index := map[string]int{}
	for _, s := range append(slices.Clone(p.Pods), p.Shards) {
		index[s.Name] = len(stations)
		stations = append(stations, Station{s.Places, s.Queue.Servers})
	}
	wire := len(stations)
	stations = append(stations, Station{1, math.MaxInt32})
	names := make([]string, 0, len(m.Mix))
	for name := range m.Mix {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		o, path := m.Operations[name], Path{Share: m.Mix[name]}
		for _, c := range Components {
			if own := o.CPU[c] - o.Events*m.Event.CPU[c]; own > 0 {
				path.Visits = append(path.Visits, Visit{index[c], own / 1e6})
			}
		}
		for range int(math.Round(o.Mongo)) {
			path.Visits = append(path.Visits, Visit{wire, m.Trip}, Visit{index[p.Shards.Name], m.command() / 1e6})
		}
		if o.Writes >= 1 {
			path.Visits = append(path.Visits, Visit{wire, m.Commit})
		}
		paths = append(paths, path)
	}
	return stations, paths
}

// Ceiling is the rate at which something that does not scale with replicas is full.
type Ceiling struct {
	What string
	Rate float64
	Then string // the remedy
}

// Ceilings returns the bottlenecks in the order in which a growing rate reaches them.
func (m Model) Ceilings() []Ceiling {
	busiest := m.events(chat)
	all := []Ceiling{
		{
			"one replica set, without shards", float64(m.ShardCores) * m.ShardFull * 1e6 / (m.command() * m.commands(2)),
			"shards",
		},
		{"the relay of the conversations' log", m.Full * m.Relayed / busiest, "split the log by website"},
		{"a follower of that log (statistics, webhooks)", m.Full * m.Followed / busiest, "split the log by website"},
		{
			"every pod of conversations reads every event", m.hearable() / m.events(""),
			"route a website's streams to some pods, and split the log",
		},
		{"what one Redis node sends to its subscribers", m.bisect(func(rate float64) float64 {
			return m.fanOut(rate, m.component(chat, rate, m.edge(rate).Places, 1).Places, 1) / m.Wire
		}), "the same"},
		{"one Redis node for quotas", m.bisect(func(rate float64) float64 {
			return rate * m.quotas(m.edge(rate).Places) * m.asking() / 1e6 / m.RedisFull
		}), "a Redis cluster"},
		{
			"one website: its rows are on one shard", float64(m.ShardCores) * m.ShardFull * 1e6 / (m.command() * m.commands(2)),
			"a shard of its own, as large as available",
		},
	}
	slices.SortStableFunc(all, func(a, b Ceiling) int {
		switch {
		case a.Rate < b.Rate:
			return -1
		case a.Rate > b.Rate:
			return 1
		default:
			return 0
		}
	})
	return all
}

// bisect returns the rate at which a growing value is 1.
func (m Model) bisect(grows func(rate float64) float64) float64 {
	low, high := 1., 1e9
	for range 80 {
		if middle := math.Sqrt(low * high); grows(middle) < 1 {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// First returns the stations of a plan in the order in which they are full if the rate grows and nothing is added.
func (p Plan) First() []Sized {
	all := append(slices.Clone(p.Pods), p.Shards, p.Redis)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Growth() < all[j].Growth() })
	return all
}
