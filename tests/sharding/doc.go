// Package sharding checks the services' queries: that one shard serves each of them, and an index.
//
// It checks them against the shard keys that the services declare: from each filter, the router of a sharded cluster
// must be able to find the shard. It records the commands in a proxy, because neither the driver nor the embedded store
// knows shards. It judges them by MongoDB's rules
// (https://www.mongodb.com/docs/manual/core/sharded-cluster-query-router/). The embedded store reports which index a
// query used, and how many keys it examined.
package sharding
