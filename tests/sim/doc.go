// Package sim says what a rate of requests needs: how many pods of each component, shards of MongoDB and nodes of Redis, what
// it costs, and what breaks first. It is queueing theory over measured figures: each pod, shard and node is a queue with some
// servers, Poisson arrivals and exponential service (M/M/c; Erlang's formula as in L. Kleinrock, Queueing Systems I, 3.5),
// and requests are spread over the pods of a component at random, which splits a Poisson stream into Poisson streams. A
// simulation of single requests holds the formulas to account.
//
// It is ours because it is small, and because what makes it true is not the queues but the system's own figures and rules:
// what scales by replicas, and what only one process at a time may do.
package sim
