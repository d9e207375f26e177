// Package sim computes the resources for a rate of requests: how many pods of each component, shards of MongoDB and
// nodes of Redis, their price, and the first bottlenecks. It applies queueing theory to measured figures. Each pod,
// shard and node is a queue with some servers, Poisson arrivals and exponential service times (M/M/c; Erlang's formula
// as in L. Kleinrock, Queueing Systems I, 3.5). Requests are distributed over the pods of a component at random, which
// splits a Poisson stream into Poisson streams. A simulation of single requests verifies the formulas.
//
// It is written by hand because it is small, and because its accuracy depends less on the queues than on the system's
// own figures and rules: which parts scale with replicas, and which work only one process may do at a time.
package sim
