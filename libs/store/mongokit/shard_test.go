package mongokit

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

func declaring() *DB {
	return &DB{
		db:       new(mongo.Client).Database("test"),
		indexes:  map[string][]Index{},
		tenanted: map[string]bool{},
		keys:     map[string]bson.D{},
	}
}

func TestPlacementsFollowDeclarations(t *testing.T) {
	t.Parallel()
	type row struct{}
	db, by := declaring(), func(fields ...string) Index {
		var ix Index
		for _, f := range fields {
			ix.Keys = append(ix.Keys, bson.E{Key: f, Value: 1})
		}
		return ix
	}
	Tenanted[row](db, "a_tenants", "row", by("x"))
	Tenanted[row](db, "b_spread", "row", by("x", "y")).Spread("x")
	Tenanted[row](db, "b_spread", "row") // a second declaration, by code that only reads it
	Tenanted[row](db, "c_whole", "row").Unsharded()
	GlobalOf[row](db, "d_global", "row")
	GlobalOf[row](db, "e_directory", "row").SpreadByID()
	GlobalOf[row](db, "f_beside", "row", by(TenantKey)).SpreadByTenant()
	want := []string{
		"a_tenants websiteId",
		"b_spread websiteId x",
		"c_whole",
		"d_global",
		"e_directory _id",
		"f_beside websiteId",
	}
	for i, p := range db.Placements() {
		if got := strings.Join(append([]string{p.Collection}, names(p.Key)...), " "); i >= len(want) || got != want[i] {
			t.Errorf("%d is %s, want %v", i, got, want)
		}
		if err := p.Supported(); err != nil {
			t.Error(err)
		}
	}
	if len(db.Placements()) != len(want) {
		t.Errorf("%v", db.Placements())
	}
}

func TestSupportedRefusesKeysWithoutAnIndex(t *testing.T) {
	t.Parallel()
	key := bson.D{{Key: TenantKey, Value: 1}, {Key: "x", Value: 1}}
	hash := bson.D{{Key: "_id", Value: hashed}}
	begins := Index{Keys: append(key, bson.E{Key: "y", Value: -1})}
	partial, unique := begins, Index{Keys: bson.D{{Key: TenantKey, Value: 1}, {Key: "y", Value: 1}}, Unique: true}
	partial.Present = "y"
	for name, c := range map[string]struct {
		p  Placement
		ok bool
	}{
		"an index begins with it":      {Placement{"c", key, []Index{begins}}, true},
		"not sharded":                  {Placement{"c", nil, []Index{unique}}, true},
		"no index":                     {Placement{"c", key, nil}, false},
		"an index of some rows":        {Placement{"c", key, []Index{partial}}, false},
		"an index without all of it":   {Placement{"c", key, []Index{{Keys: key[:1]}}}, false},
		"a unique index without it":    {Placement{"c", key, []Index{begins, unique}}, false},
		"a hash":                       {Placement{"c", hash, nil}, true},
		"a hash, and unique otherwise": {Placement{"c", hash, []Index{unique}}, false},
	} {
		if err := c.p.Supported(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
