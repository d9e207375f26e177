package sim

import "math"

// Queue is an M/M/c queue: Servers servers serve arrivals at a Rate (1/s), each for Service seconds on average.
type Queue struct {
	Servers int
	Rate    float64
	Service float64
}

// Utilisation is the share of time in which the servers work; from 1 on the queue grows without bound.
func (q Queue) Utilisation() float64 { return q.Rate * q.Service / float64(q.Servers) }

// Waits is the probability that an arrival has to wait: Erlang's C, computed from his B, whose recursion stays bounded.
func (q Queue) Waits() float64 {
	load := q.Rate * q.Service
	lost := 1.0
	for n := 1; n <= q.Servers; n++ {
		lost = load * lost / (float64(n) + load*lost)
	}
	return lost / (1 - q.Utilisation()*(1-lost))
}

// Mean is the average time from arrival to departure, in seconds.
func (q Queue) Mean() float64 {
	if q.Utilisation() >= 1 {
		return math.Inf(1)
	}
	return q.Service + q.Waits()/(float64(q.Servers)/q.Service-q.Rate)
}

// Beyond is the probability that an arrival takes longer than some seconds.
func (q Queue) Beyond(seconds float64) float64 {
	if q.Utilisation() >= 1 {
		return 1
	}
	served := 1 / q.Service
	drained := float64(q.Servers)*served - q.Rate // the rate at which a wait ends
	still := math.Exp(-served * seconds)
	both := still * (1 + served*seconds) // a wait and a service at the same rate
	if math.Abs(drained-served) > 1e-9*served {
		both = (drained*still - served*math.Exp(-drained*seconds)) / (drained - served)
	}
	c := q.Waits()
	return (1-c)*still + c*both
}

// Within is the time, in seconds, that a share of the arrivals takes at most: Within(0.99) is the 99th percentile.
func (q Queue) Within(part float64) float64 {
	if q.Utilisation() >= 1 {
		return math.Inf(1)
	}
	low, high := 0.0, q.Service
	for q.Beyond(high) > 1-part {
		high *= 2
	}
	for range 60 {
		if middle := (low + high) / 2; q.Beyond(middle) > 1-part {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}
