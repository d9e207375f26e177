package mongokit

import (
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// hashed replaces the direction in a shard key that places rows by a hash of the field.
const hashed = "hashed"

// Placement describes how the rows of a collection are distributed over the shards of a cluster. A collection without
// a key isn't sharded: it is on one shard.
type Placement struct {
	Collection string
	Key        bson.D // field to 1, or to "hashed"
	indexes    []Index
}

// Spread distributes one tenant's rows over several shards, by further fields after websiteId. Without it, all rows of
// a tenant are on one shard, and so are its transactions. Unique indexes must begin with the whole key.
func (c *Collection[T]) Spread(fields ...string) *Collection[T] {
	key := bson.D{{Key: TenantKey, Value: 1}}
	for _, f := range fields {
		key = append(key, bson.E{Key: f, Value: 1})
	}
	c.all.db.keys[c.all.c.Name()] = key
	return c
}

// Unsharded keeps a tenant's collection on one shard. It is for small collections with an index that is unique over
// all tenants.
func (c *Collection[T]) Unsharded() *Collection[T] {
	c.all.db.keys[c.all.c.Name()] = nil
	return c
}

// SpreadByTenant places the installation's rows by tenant, beside the tenant's rows that are written in the same
// transaction.
func (g *Global[T]) SpreadByTenant() *Global[T] {
	g.db.keys[g.c.Name()] = bson.D{{Key: TenantKey, Value: 1}}
	return g
}

// SpreadByID places the installation's rows by a hash of their _id. It is for directories, which are read by _id only.
func (g *Global[T]) SpreadByID() *Global[T] {
	g.db.keys[g.c.Name()] = bson.D{{Key: "_id", Value: hashed}}
	return g
}

// Placements returns the placement of every collection declared on this DB, by name. By default a tenant's collection
// is sharded by websiteId, and a collection of the installation isn't sharded.
func (db *DB) Placements() []Placement {
	all := make([]Placement, 0, len(db.indexes))
	for _, name := range slices.Sorted(maps.Keys(db.indexes)) {
		key, said := db.keys[name]
		if !said && db.tenanted[name] {
			key = bson.D{{Key: TenantKey, Value: 1}}
		}
		all = append(all, Placement{name, key, db.indexes[name]})
	}
	return all
}

// Supported returns an error if MongoDB would refuse the placement: if no index begins with the key, or if a unique
// index doesn't begin with it, because no shard could enforce it alone.
// (https://www.mongodb.com/docs/manual/core/sharding-shard-key/)
func (p Placement) Supported() error {
	if len(p.Key) == 0 {
		return nil
	}
	indexed := p.Key[0].Value == hashed // shardCollection creates that index
	for _, ix := range p.indexes {
		begins := beginsWith(ix.Keys, p.Key)
		if ix.Unique && !begins {
			return fmt.Errorf("%s is sharded by %v, but its unique index on %v doesn't begin with that",
				p.Collection, names(p.Key), names(ix.Keys))
		}
		indexed = indexed || begins && ix.Present == ""
	}
	if !indexed {
		return fmt.Errorf("%s is sharded by %v, but none of its indexes begins with that", p.Collection, names(p.Key))
	}
	return nil
}

func beginsWith(keys, key bson.D) bool {
	return len(keys) >= len(key) && slices.Equal(names(keys[:len(key)]), names(key))
}

func names(keys bson.D) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = k.Key
	}
	return all
}
