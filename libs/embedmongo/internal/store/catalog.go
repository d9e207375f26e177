package store

import (
	"math"
	"sort"
	"strings"
	"sync/atomic"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Catalog is an unchanging list of the collections that exist at one moment.
type Catalog struct{ byName map[string]*Collection }

// Collection describes one collection. It never changes: a new index makes a new Collection, by which a transaction
// notices the change.
type Collection struct {
	ID      uint32
	NS      string // database.collection
	Indexes []*Index
	pending atomic.Bool // an open transaction made it: it is hidden until the first commit of a document
}

// Index describes one index beside the implied one on _id.
type Index struct {
	ID      uint32
	Name    string
	Keys    []query.SortKey
	Unique  bool
	Sparse  bool
	Partial *query.Filter
	Spec    bsoncore.Document // as listIndexes returns it
	TTL     int64             // seconds; -1 if documents don't expire

	partial   bsoncore.Document
	multikey  atomic.Uint32 // bit for each field that has held an array
	persisted atomic.Uint32 // the bits known to be on disk
}

// Collection finds a collection by its full name; nil when there is none.
func (c *Catalog) Collection(ns string) *Collection { return c.byName[ns] }

// Visible finds a collection by its full name; nil if there is none, or if only an open transaction has made it.
func (c *Catalog) Visible(ns string) *Collection {
	if coll := c.byName[ns]; coll != nil && !coll.pending.Load() {
		return coll
	}
	return nil
}

// List returns the visible collections of a database, or all for "", by name.
func (c *Catalog) List(db string) []*Collection {
	var out []*Collection
	for _, coll := range c.byName {
		if (db == "" || coll.DB() == db) && !coll.pending.Load() {
			out = append(out, coll)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].NS < out[j].NS })
	return out
}

func (c *Catalog) with(ns string, coll *Collection) *Catalog {
	next := &Catalog{byName: make(map[string]*Collection, len(c.byName)+1)}
	for k, v := range c.byName {
		next.byName[k] = v
	}
	if coll == nil {
		delete(next.byName, ns)
	} else {
		next.byName[ns] = coll
	}
	return next
}

// DB is the name of the collection's database.
func (c *Collection) DB() string { db, _, _ := strings.Cut(c.NS, "."); return db }

// Name is the collection's name inside its database.
func (c *Collection) Name() string { _, name, _ := strings.Cut(c.NS, "."); return name }

// Index finds an index by name.
func (c *Collection) Index(name string) *Index {
	for _, ix := range c.Indexes {
		if ix.Name == name {
			return ix
		}
	}
	return nil
}

// Multikey reports whether a field of the index has held an array.
func (ix *Index) Multikey(field int) bool { return ix.multikey.Load()&(1<<field) != 0 }

// AnyMultikey reports whether a document may have several entries.
func (ix *Index) AnyMultikey() bool { return ix.multikey.Load() != 0 }

// KeyPattern is the index's key document.
func (ix *Index) KeyPattern() bsoncore.Document {
	v, _ := bsonraw.Lookup(ix.Spec, "key")
	return v.Data
}

// ignoredIndexOptions change nothing about an index's results.
var ignoredIndexOptions = map[string]bool{"background": true, "ns": true}

// ParseIndex reads one index specification of createIndexes.
func ParseIndex(spec bsoncore.Document) (*Index, error) {
	ix := &Index{TTL: -1}
	b := bsonraw.NewBuilder().Int32("v", 2)
	extra := ""
	it := bsonraw.NewIter(spec)
	for it.Next() {
		name, v := string(it.Key), it.Value
		if ignoredIndexOptions[name] {
			continue
		}
		if err := ix.option(name, v); err != nil {
			return nil, err
		}
		if name == "v" {
			continue
		}
		if name != "key" && name != "name" {
			extra = name
		}
		keep := v.Type != bsoncore.TypeBoolean || v.Boolean()
		if name == "unique" || name == "sparse" {
			keep = bsonraw.Truthy(v)
			v = bsonraw.BoolValue(true)
		}
		if keep {
			b.Value(name, v)
		}
	}
	switch {
	case len(ix.Keys) == 0:
		return nil, mongoerr.New(
			mongoerr.FailedToParse,
			"The 'key' field is a required property of an index specification",
		)
	case ix.Name == "":
		return nil, mongoerr.New(
			mongoerr.FailedToParse,
			"The 'name' field is a required property of an index specification",
		)
	case ix.OnID() && extra != "":
		return nil, mongoerr.New(197, "The field '%s' is not valid for an _id index specification", extra)
	case ix.OnID() && ix.Keys[0].Descending:
		return nil, mongoerr.New(mongoerr.BadValue, "The field 'key' for an _id index must be {_id: 1}")
	case !ix.OnID() && ix.Name == "_id_":
		return nil, mongoerr.New(mongoerr.BadValue, "The index name '_id_' is reserved for the _id index")
	case ix.TTL >= 0 && len(ix.Keys) > 1:
		return nil, mongoerr.New(
			mongoerr.CannotCreateIndex,
			"TTL indexes are single-field indexes, compound indexes do not support TTL",
		)
	case ix.Sparse && ix.Partial != nil:
		return nil, mongoerr.New(
			mongoerr.CannotCreateIndex,
			"cannot mix \"partialFilterExpression\" and \"sparse\" options",
		)
	}
	ix.Spec = b.Build()
	return ix, nil
}

// OnID reports whether the index is that on _id alone, which every collection has.
func (ix *Index) OnID() bool { return len(ix.Keys) == 1 && ix.Keys[0].Path == "_id" }

func (ix *Index) option(name string, v bsoncore.Value) error {
	switch name {
	case "key":
		if v.Type != bsoncore.TypeEmbeddedDocument {
			return mongoerr.New(mongoerr.TypeMismatch, "The field 'key' must be an object")
		}
		return ix.parseKey(v.Data)
	case "name":
		s, ok := v.StringValueOK()
		if !ok || s == "" || s == "*" {
			return mongoerr.New(mongoerr.TypeMismatch, "The field 'name' must be a non-empty string")
		}
		ix.Name = s
	case "v":
		if n, ok := bsonraw.Int64(v); !ok || n != 1 && n != 2 {
			return mongoerr.New(mongoerr.CannotCreateIndex, "cannot create an index with v: %s", v)
		}
	case "unique":
		ix.Unique = bsonraw.Truthy(v)
	case "sparse":
		ix.Sparse = bsonraw.Truthy(v)
	case "expireAfterSeconds":
		n, ok := bsonraw.Int64(v)
		if !ok || n < 0 || n > 1<<31-1 {
			return mongoerr.New(
				mongoerr.CannotCreateIndex,
				"TTL index 'expireAfterSeconds' option must be within 0 and 2147483647",
			)
		}
		ix.TTL = n
	case "partialFilterExpression":
		if v.Type != bsoncore.TypeEmbeddedDocument {
			return mongoerr.New(mongoerr.TypeMismatch, "The field 'partialFilterExpression' must be an object")
		}
		f, err := query.ParseFilter(v.Data)
		if err != nil {
			return err
		}
		for _, c := range f.Conjuncts() {
			switch c.Op {
			case query.And, query.Eq, query.Gt, query.Gte, query.Lt, query.Lte, query.ExistsOp, query.TypeOp:
			default:
				return mongoerr.New(mongoerr.CannotCreateIndex, "unsupported expression in partial index: %s", v)
			}
		}
		ix.Partial, ix.partial = f, v.Data
	default:
		return mongoerr.New(197, "The field '%s' is not valid for an index specification", name)
	}
	return nil
}

func (ix *Index) parseKey(doc []byte) error {
	it := bsonraw.NewIter(doc)
	for it.Next() {
		path := string(it.Key)
		if s, ok := it.Value.StringValueOK(); ok {
			return mongoerr.New(mongoerr.CannotCreateIndex, "index type '%s' is not supported", s)
		}
		f, ok := bsonraw.Float(it.Value)
		if !ok || f == 0 || math.IsNaN(f) {
			return mongoerr.New(
				mongoerr.CannotCreateIndex,
				"Values in v:2 index key pattern must be numbers other than 0, or strings",
			)
		}
		parts := query.SplitPath(path)
		for _, p := range parts {
			if p == "" || p[0] == '$' || p[0] >= '0' && p[0] <= '9' {
				return mongoerr.New(mongoerr.CannotCreateIndex, "index key path '%s' is not supported", path)
			}
		}
		for _, k := range ix.Keys {
			if k.Path == path {
				return mongoerr.New(mongoerr.CannotCreateIndex, "duplicate field '%s' in an index key pattern", path)
			}
		}
		ix.Keys = append(ix.Keys, query.SortKey{Path: path, Parts: parts, Descending: f < 0})
	}
	if len(ix.Keys) == 0 || len(ix.Keys) > 32 {
		return mongoerr.New(mongoerr.CannotCreateIndex, "an index needs 1 to 32 key fields")
	}
	return nil
}

// sameKeys reports whether two indexes have the same key pattern: the same fields, in one order, with equal numbers.
func (ix *Index) sameKeys(other *Index) bool {
	return query.Compare(bsonraw.DocValue(ix.KeyPattern()), bsonraw.DocValue(other.KeyPattern())) == 0
}

// sameRows reports whether two indexes index the same rows in the same way.
func (ix *Index) sameRows(other *Index) bool {
	return ix.Unique == other.Unique && ix.Sparse == other.Sparse && string(ix.partial) == string(other.partial)
}

// conflict compares a wanted index with an existing one. It reports whether
// they are the same.
func (ix *Index) conflict(have *Index) (bool, error) {
	keys, rows, name := ix.sameKeys(have), ix.sameRows(have), ix.Name == have.Name
	switch {
	case keys && rows && name && ix.TTL == have.TTL:
		return true, nil
	case keys && name:
		return false, mongoerr.New(
			mongoerr.IndexOptionsConflict,
			"An equivalent index already exists with the same name but different options. "+
				"Requested index: %s, existing index: %s",
			ix.Spec,
			have.Spec,
		)
	case keys && rows:
		return false, mongoerr.New(
			mongoerr.IndexOptionsConflict,
			"Index already exists with a different name: %s",
			have.Name,
		)
	case name:
		return false, mongoerr.New(
			mongoerr.IndexKeySpecsConflict,
			"An existing index has the same name as the requested index. Requested index: %s, existing index: %s",
			ix.Spec,
			have.Spec,
		)
	}
	return false, nil
}

func (c *Collection) encode(pending bool) []byte {
	var list []bsoncore.Document
	for _, ix := range c.Indexes {
		list = append(list, bsonraw.NewBuilder().Int64("id", int64(ix.ID)).Doc("spec", ix.Spec).Build())
	}
	b := bsonraw.NewBuilder().Int64("id", int64(c.ID)).Array("indexes", list)
	if pending {
		b.Bool("pending", true)
	}
	return b.Build()
}

func decodeCollection(ns string, doc []byte) (*Collection, error) {
	id, _ := bsonraw.Lookup(doc, "id")
	c := &Collection{ID: uint32(id.Int64()), NS: ns}
	_, pending := bsonraw.Lookup(doc, "pending")
	c.pending.Store(pending)
	list, _ := bsonraw.Lookup(doc, "indexes")
	for _, e := range bsonraw.Elements(list.Data) {
		spec, _ := bsonraw.Lookup(e.Data, "spec")
		ix, err := ParseIndex(spec.Data)
		if err != nil {
			return nil, err
		}
		id, _ := bsonraw.Lookup(e.Data, "id")
		ix.ID = uint32(id.Int64())
		c.Indexes = append(c.Indexes, ix)
	}
	return c, nil
}
