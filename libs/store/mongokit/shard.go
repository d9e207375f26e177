package mongokit

import (
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// hashed is what a shard key has in place of a direction where rows are placed by a hash of the field.
const hashed = "hashed"

// Placement is how the rows of a collection are spread over the shards of a cluster. A collection without a key is not
// sharded: it lies whole on one shard.
type Placement struct {
	Collection string
	Key        bson.D // field to 1, or to "hashed"
	indexes    []Index
}

// Spread lets one tenant's rows lie on several shards, by further fields behind websiteId. Without it a tenant's rows are
// all on one shard, where its transactions are. Unique indexes have to begin with all of the key.
func (c *Collection[T]) Spread(fields ...string) *Collection[T] {
	key := bson.D{{Key: TenantKey, Value: 1}}
	for _, f := range fields {
		key = append(key, bson.E{Key: f, Value: 1})
	}
	c.all.db.keys[c.all.c.Name()] = key
	return c
}

// Unsharded keeps a tenant's collection whole: one that is small, and that has to be unique over all tenants.
func (c *Collection[T]) Unsharded() *Collection[T] {
	c.all.db.keys[c.all.c.Name()] = nil
	return c
}

// SpreadByTenant places the installation's rows like a tenant's: beside those that are written in one transaction with them.
func (g *Global[T]) SpreadByTenant() *Global[T] {
	g.db.keys[g.c.Name()] = bson.D{{Key: TenantKey, Value: 1}}
	return g
}

// SpreadByID places the installation's rows by a hash of their _id: a directory, where each is asked for by that alone.
func (g *Global[T]) SpreadByID() *Global[T] {
	g.db.keys[g.c.Name()] = bson.D{{Key: "_id", Value: hashed}}
	return g
}

// Placements gives the placement of every collection declared on this DB, by name. A tenant's collection that says nothing
// of it is sharded by websiteId; one of the installation's is not sharded.
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

// Supported says what MongoDB would refuse about the placement: a key that no index begins with, and a unique index that
// does not begin with the key, which no shard could hold by itself.
// (https://www.mongodb.com/docs/manual/core/sharding-shard-key/)
func (p Placement) Supported() error {
	if len(p.Key) == 0 {
		return nil
	}
	served := p.Key[0].Value == hashed // shardCollection makes that index, which nothing else asks for
	for _, ix := range p.indexes {
		begins := beginsWith(ix.Keys, p.Key)
		if ix.Unique && !begins {
			return fmt.Errorf("%s is sharded by %v, and its unique index on %v does not begin with that", p.Collection, names(p.Key), names(ix.Keys))
		}
		served = served || begins && ix.Present == ""
	}
	if !served {
		return fmt.Errorf("%s is sharded by %v, and none of its indexes begins with that", p.Collection, names(p.Key))
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
