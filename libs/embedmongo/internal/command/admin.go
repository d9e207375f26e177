package command

import (
	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

func createCollection(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	created, err := r.s.engine.CreateCollection(ns)
	if err != nil {
		return nil, err
	}
	if !created {
		return nil, mongoerr.New(mongoerr.NamespaceExists, "Collection %s already exists.", ns)
	}
	return bsonraw.NewBuilder(), r.sync()
}

func createIndexes(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	specs, err := r.documents("indexes")
	if err != nil {
		return nil, err
	}
	if len(specs) == 0 {
		return nil, mongoerr.New(mongoerr.BadValue, "Must specify at least one index to create")
	}
	var wanted []*store.Index
	for _, spec := range specs {
		ix, err := store.ParseIndex(spec)
		if err != nil {
			return nil, err
		}
		if ix.OnID() {
			continue // the index on _id is always there
		}
		wanted = append(wanted, ix)
	}
	existed := r.s.engine.Catalog().Visible(ns) != nil
	before, after, err := r.s.engine.CreateIndexes(ns, wanted)
	if err != nil {
		return nil, err
	}
	b := bsonraw.NewBuilder().Int32("numIndexesBefore", int32(before)).Int32("numIndexesAfter", int32(after)).
		Bool("createdCollectionAutomatically", !existed)
	if before == after {
		b.String("note", "all indexes already exist")
	}
	return b, r.sync()
}

func listIndexes(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	c := r.s.engine.Catalog().Visible(ns)
	if c == nil {
		return nil, mongoerr.New(mongoerr.NamespaceNotFound, "ns does not exist: %s", ns)
	}
	docs := []bsoncore.Document{bsonraw.NewBuilder().Int32("v", 2).Doc("key", idPattern).String("name", "_id_").Build()}
	for _, ix := range c.Indexes {
		docs = append(docs, ix.Spec)
	}
	return r.batch(&cursor{ns: ns, source: &list{docs}}, -1, "firstBatch", false)
}

var idPattern = bsonraw.NewBuilder().Int32("_id", 1).Build()

func errDropID() error { return mongoerr.New(mongoerr.InvalidOptions, "cannot drop _id index") }

func dropIndexes(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	c := r.s.engine.Catalog().Visible(ns)
	if c == nil {
		return nil, mongoerr.New(mongoerr.NamespaceNotFound, "ns not found %s", ns)
	}
	names := map[string]bool{}
	all := false
	wanted := []bsoncore.Value{r.args["index"]}
	if wanted[0].Type == bsoncore.TypeArray {
		wanted = bsonraw.Elements(wanted[0].Data)
	}
	for _, v := range wanted {
		name, ok := v.StringValueOK()
		if v.Type == bsoncore.TypeEmbeddedDocument {
			if query.Compare(v, bsonraw.DocValue(idPattern)) == 0 {
				return nil, errDropID()
			}
			for _, ix := range c.Indexes {
				if query.Compare(bsonraw.DocValue(ix.KeyPattern()), v) == 0 {
					name, ok = ix.Name, true
				}
			}
			if !ok {
				return nil, mongoerr.New(mongoerr.IndexNotFound, "can't find index with key: %s", v)
			}
		}
		switch {
		case !ok:
			return nil, mongoerr.New(mongoerr.TypeMismatch, "index must be a name, a key pattern or a list of names")
		case name == "*":
			all = true
		case name == "_id_":
			return nil, errDropID()
		case c.Index(name) == nil:
			return nil, mongoerr.New(mongoerr.IndexNotFound, "index not found with name [%s]", name)
		}
		names[name] = true
	}
	n, err := r.s.engine.DropIndexes(ns, func(ix *store.Index) bool { return all || names[ix.Name] })
	if err != nil {
		return nil, err
	}
	return bsonraw.NewBuilder().Int32("nIndexesWas", int32(n)), r.sync()
}

func listCollections(r *request) (*bsonraw.Builder, error) {
	filter, err := r.filter("filter")
	if err != nil {
		return nil, err
	}
	var docs []bsoncore.Document
	for _, c := range r.s.engine.Catalog().List(r.db) {
		b := bsonraw.NewBuilder().String("name", c.Name()).String("type", "collection")
		if !bsonraw.Truthy(r.args["nameOnly"]) {
			b.Doc("options", bsonraw.NewBuilder().Build()).
				Doc("info", bsonraw.NewBuilder().Bool("readOnly", false).Build())
		}
		if doc := b.Build(); filter.Match(doc) {
			docs = append(docs, doc)
		}
	}
	return r.batch(&cursor{ns: r.db + ".$cmd.listCollections", source: &list{docs}}, -1, "firstBatch", false)
}

func listDatabases(r *request) (*bsonraw.Builder, error) {
	filter, err := r.filter("filter")
	if err != nil {
		return nil, err
	}
	var docs []bsoncore.Document
	last := ""
	for _, c := range r.s.engine.Catalog().List("") {
		if c.DB() == last {
			continue
		}
		last = c.DB()
		b := bsonraw.NewBuilder().String("name", last)
		if !bsonraw.Truthy(r.args["nameOnly"]) {
			b.Int64("sizeOnDisk", 0).Bool("empty", false)
		}
		if doc := b.Build(); filter.Match(doc) {
			docs = append(docs, doc)
		}
	}
	return bsonraw.NewBuilder().Array("databases", docs).Int64("totalSize", 0), nil
}

func drop(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	n, err := r.s.engine.Drop(ns)
	if err != nil {
		return nil, err
	}
	b := bsonraw.NewBuilder()
	if n > 0 {
		b.Int32("nIndexesWas", int32(n)).String("ns", ns)
	}
	return b, r.sync()
}

func dropDatabase(r *request) (*bsonraw.Builder, error) {
	for _, c := range r.s.engine.Catalog().List(r.db) {
		if _, err := r.s.engine.Drop(c.NS); err != nil {
			return nil, err
		}
	}
	return bsonraw.NewBuilder().String("dropped", r.db), r.sync()
}
