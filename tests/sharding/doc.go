// Package sharding checks the services' commands to their store against the shard keys that they declare: from each
// filter, the router of a sharded cluster must be able to find the shard. It records the commands in a proxy, because
// neither the driver nor the embedded store knows shards. It judges them by MongoDB's rules
// (https://www.mongodb.com/docs/manual/core/sharded-cluster-query-router/).
package sharding
