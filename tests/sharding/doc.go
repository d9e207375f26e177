// Package sharding holds what the services send to their store against the shard keys that they declare: the router of a
// sharded cluster has to find in each filter which shard to ask. It overhears the commands on their way, because neither
// the driver nor the embedded store knows of shards, and judges them by MongoDB's rules
// (https://www.mongodb.com/docs/manual/core/sharded-cluster-query-router/).
package sharding
