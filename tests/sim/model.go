package sim

import (
	"math"
	"slices"
)

// The parts of the figures that aren't services of the system.
const (
	gateway = "api-gateway"
	chat    = "conversations"
	store   = "mongodb"
	redis   = "redis"
)

// Components are the components in pods, in the order of the tables.
var Components = []string{gateway, chat, "visitors", "accounts", "widgets", "tickets", "statistics", "webhooks"}

// Assumptions are values that weren't measured.
type Assumptions struct {
	Mix          map[string]float64 // the share of each operation
	P99          float64            // objective of the 99th percentile, in seconds
	Full         float64            // planned utilisation of a pod
	Cores        int                // of a pod
	Memory       map[string]float64 // GiB of a pod, "" for those without an entry
	ShardCores   int                // of a member of a replica set
	ShardMemory  float64            // GiB
	ShardFull    float64            // planned utilisation of a primary
	ShardRows    float64            // bytes of documents that a shard holds
	Store        float64            // processor time of MongoDB relative to the embedded store
	RedisMemory  float64            // GiB of a node, of which one core serves requests
	RedisFull    float64            // planned utilisation of a node
	Wire         float64            // bytes/s that a node of Redis may send
	Trip         float64            // seconds for a round trip to the store
	Commit       float64            // seconds until a majority has a write in its journal
	Website      float64            // requests/s of one website
	Caller       float64            // requests/s of one token, or of one visitor
	Lookup       float64            // µs of a service for a cache miss of the edge
	Streams      float64            // open event streams for each request/s
	StreamMemory float64            // bytes of one at the edge, and again in conversations
	Heard        float64            // share of a pod that may be used for receiving events
	Average      float64            // the average rate over a year, relative to the planned rate
	CoreHour     float64            // price of a core for an hour
	GiBHour      float64            // price of a GiB of memory for an hour
}

// Default returns the assumptions of the documented tables.
func Default() Assumptions {
	return Assumptions{
		Mix: map[string]float64{
			"get_widget": 0.40, "visitor_reads": 0.20, "visit": 0.05, "get_conversation_20": 0.10, "list_20": 0.10,
			"post_message": 0.10, "create_ticket": 0.01, "statistics": 0.04,
		},
		P99: 0.25, Full: 0.7, Cores: 2, Memory: map[string]float64{gateway: 1, chat: 1, "": 0.5},
		ShardCores: 8, ShardMemory: 32, ShardFull: 0.6, ShardRows: 2e12, Store: 1,
		RedisMemory: 4, RedisFull: 0.6, Wire: 0.75e9, Trip: 0.0003, Commit: 0.005,
		Website: 10, Caller: 0.1, Lookup: 150, Streams: 5, StreamMemory: 40 << 10, Heard: 0.3, Average: 1. / 3,
		CoreHour: 0.03, GiBHour: 0.004,
	}
}

// The lifetimes of the edge's caches, in seconds, and the share of a token's quota in a lease (api-gateway,
// libs/store/ratelimit).
const (
	rememberedToken   = 5.
	rememberedVisitor = 10.
	rememberedWidget  = 1.
	quotaWindow       = 60.
	quotaLease        = 12. // requests: a fiftieth of 600
)

// poolSize is the maximal number of connections of a process to the store (libs/store/mongokit).
const poolSize = 64

// asks maps operations to the edge cache that they use. The default is the cache of tokens.
var asks = map[string]string{"get_widget": "widgets", "visitor_reads": "visitors", "visit": ""}

func cacheOf(operation string) string {
	if c, other := asks[operation]; other {
		return c
	}
	return "accounts"
}

// logOf returns the log that an operation's events are written to.
func logOf(operation string) string {
	switch operation {
	case "visit":
		return "visitors"
	case "create_ticket":
		return "tickets"
	default:
		return chat
	}
}

// Model combines figures and assumptions.
type Model struct {
	Figures
	Assumptions
}

// mix sums a value over the operations, weighted by their shares, in a fixed order.
func (m Model) mix(of func(name string, o Operation) float64) (sum float64) {
	names := make([]string, 0, len(m.Mix))
	for name := range m.Mix {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		sum += m.Mix[name] * of(name, m.Operations[name])
	}
	return sum
}

// events is the number of records of a log that an average request writes; of all logs for "".
func (m Model) events(log string) float64 {
	return m.mix(func(name string, o Operation) float64 {
		if log != "" && logOf(name) != log {
			return 0
		}
		return o.Events
	})
}

// work is the µs that an average request takes in any replica of a component. It excludes the processing of events,
// which only one replica does, or each does completely.
func (m Model) work(component string) float64 {
	return m.mix(func(_ string, o Operation) float64 {
		return max(o.CPU[component]-o.Events*m.Event.CPU[component], 0)
	})
}

// asked is the share of the requests that reach a component.
func (m Model) asked(component string) float64 {
	return m.mix(func(_ string, o Operation) float64 {
		if o.CPU[component]-o.Events*m.Event.CPU[component] > 0 {
			return 1
		}
		return 0
	})
}

// Missed is the share of lookups that miss the caches of the edge's pods, if a key is requested at a rate and cached
// for some seconds. Of each cache lifetime, the first lookup is a miss and the others are hits.
func Missed(rate, seconds float64, pods int) float64 { return 1 / (1 + rate/float64(pods)*seconds) }

// missed is the number of lookups of an average request that a component must serve.
func (m Model) missed(component string, pods int) float64 {
	asking := m.mix(func(name string, _ Operation) float64 {
		if cacheOf(name) == component {
			return 1
		}
		return 0
	})
	switch component {
	case "accounts":
		return asking * Missed(m.Website, rememberedToken, pods)
	case "visitors":
		return asking * Missed(m.Caller, rememberedVisitor, pods)
	case "widgets":
		return asking * Missed(m.Website, rememberedWidget, pods)
	default:
		return 0
	}
}

// quotas is the number of commands to Redis by which an average request uses its caller's quota and its website's: one
// per lease, and for each pod at least one per window.
func (m Model) quotas(pods int) float64 {
	spend := func(rate float64) float64 {
		return min(1, max(1/quotaLease, float64(pods)/(rate*quotaWindow)))
	}
	public := m.mix(func(name string, _ Operation) float64 {
		if cacheOf(name) == "accounts" || name == "visitor_reads" {
			return 1
		}
		return 0
	})
	return public * (spend(m.Caller) + spend(m.Website))
}

// command is the µs of a command in the store.
func (m Model) command() float64 {
	return m.Store * m.mix(func(_ string, o Operation) float64 {
		return o.CPU[store]
	}) / m.mix(func(_ string, o Operation) float64 { return o.Mongo })
}

// asking is the µs of a command in Redis.
func (m Model) asking() float64 {
	return m.mix(func(_ string, o Operation) float64 {
		return o.CPU[redis]
	}) / m.mix(func(_ string, o Operation) float64 { return o.Redis })
}

// commands is how many commands an average request sends to the store.
func (m Model) commands(pods int) float64 {
	n := m.mix(func(_ string, o Operation) float64 { return o.Mongo })
	for _, c := range Components {
		n += m.missed(c, pods)
	}
	return n
}

// partitions is the number of parts of the busiest log with which a relay, a follower and the readers of the whole log
// keep up. Today there is one part.
func (m Model) partitions(rate float64) int {
	busiest := 0.
	for _, log := range []string{chat, "visitors", "tickets"} {
		busiest = max(busiest, m.events(log))
	}
	return int(math.Ceil(max(1, rate*busiest/(m.Full*m.Relayed), rate*busiest/(m.Full*m.Followed),
		rate*m.events("")/m.hearable())))
}

// hearable is the events/s that a pod of conversations can receive.
func (m Model) hearable() float64 { return m.Heard * float64(m.Cores) * 1e6 / m.Hearing }
