package sim

import (
	"container/heap"
	"math/rand/v2"
	"slices"
)

// Visit is one stop of a request: at a station, for Service seconds on average.
type Visit struct {
	Station int
	Service float64
}

// Station is Places queues of Servers each; a request visits one of them at random.
type Station struct {
	Places, Servers int
}

// Path is the sequence of visits of a share of the requests.
type Path struct {
	Share  float64
	Visits []Visit
}

// Simulate sends requests at a rate over paths through stations, and returns how long each took, in seconds, sorted.
// The first tenth, which finds empty queues, is left out.
func Simulate(seed uint64, rate float64, requests int, stations []Station, paths []Path) []float64 {
	s := &simulation{
		random: rand.New(rand.NewPCG(seed, 0)), places: make([][]queueState, len(stations)),
		stations: stations,
	}
	for i, st := range stations {
		s.places[i] = make([]queueState, st.Places)
	}
	at := 0.0
	for i := range requests {
		at += s.random.ExpFloat64() / rate
		heap.Push(s, event{at: at, request: i})
		s.requests = append(s.requests, request{begun: at, visits: s.pick(paths)})
	}
	for s.Len() > 0 {
		s.step(heap.Pop(s).(event))
	}
	var took []float64
	for _, r := range s.requests[requests/10:] {
		took = append(took, r.ended-r.begun)
	}
	slices.Sort(took)
	return took
}

type request struct {
	begun, ended float64
	visits       []Visit // remaining ones
}

// queueState is the state of one queue.
type queueState struct {
	busy    int
	waiting []int // requests
}

// event is the arrival of a request at its next visit, or the end of its service.
type event struct {
	at      float64
	request int
	served  *queueState // nil for an arrival
}

type simulation struct {
	random   *rand.Rand
	stations []Station
	places   [][]queueState
	requests []request
	events   []event
}

func (s *simulation) pick(paths []Path) []Visit {
	at := s.random.Float64()
	for _, p := range paths {
		if at -= p.Share; at < 0 {
			return p.Visits
		}
	}
	return paths[len(paths)-1].Visits
}

func (s *simulation) step(e event) {
	r := &s.requests[e.request]
	if e.served != nil {
		r.visits = r.visits[1:]
		if len(e.served.waiting) > 0 {
			next := e.served.waiting[0]
			e.served.waiting = e.served.waiting[1:]
			s.serve(e.at, next, e.served)
		} else {
			e.served.busy--
		}
	}
	if len(r.visits) == 0 {
		r.ended = e.at
		return
	}
	station := r.visits[0].Station
	p := &s.places[station][s.random.IntN(s.stations[station].Places)]
	if p.busy == s.stations[station].Servers {
		p.waiting = append(p.waiting, e.request)
		return
	}
	p.busy++
	s.serve(e.at, e.request, p)
}

func (s *simulation) serve(at float64, request int, p *queueState) {
	heap.Push(s, event{at + s.random.ExpFloat64()*s.requests[request].visits[0].Service, request, p})
}

// Len implements heap.Interface.
func (s *simulation) Len() int { return len(s.events) }

// Less implements heap.Interface.
func (s *simulation) Less(i, j int) bool { return s.events[i].at < s.events[j].at }

// Swap implements heap.Interface.
func (s *simulation) Swap(i, j int) { s.events[i], s.events[j] = s.events[j], s.events[i] }

// Push implements heap.Interface.
func (s *simulation) Push(e any) { s.events = append(s.events, e.(event)) }

// Pop implements heap.Interface.
func (s *simulation) Pop() any {
	last := len(s.events) - 1
	e := s.events[last]
	s.events = s.events[:last]
	return e
}
