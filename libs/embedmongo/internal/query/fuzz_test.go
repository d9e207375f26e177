package query

import (
	"context"
	"testing"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/bsontest"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

var fuzzDocuments = []string{
	`{"_id":1,"a":1,"b":"text","c":{"d":[1,{"e":null}]}}`,
	`{"_id":{"$oid":"65f000000000000000000001"},"a":[[1,2],{"b":[{"0":[3]}]},"x",{"$numberDouble":"NaN"}],` +
		`"at":{"$date":"2024-01-01T00:00:00Z"}}`,
	`{"_id":"k","a":{"$regularExpression":{"pattern":"^x","options":"i"}},` +
		`"b":{"$binary":{"base64":"AAEC","subType":"04"}},"c":{"$timestamp":{"t":1,"i":2}},"d":{"$minKey":1},"e":true}`,
}

// FuzzFilter parses any bytes as a filter and matches it against documents,
// one of which is fuzzed too. What a filter says must not depend on how its
// conditions are taken apart.
func FuzzFilter(f *testing.F) {
	for _, filter := range []string{
		`{}`, `{"_id":{"$in":[1,2,3]},"a":{"$gt":1,"$lte":{"$numberDouble":"2.5"}}}`,
		`{"websiteId":1,"createdAt":{"$lt":{"$date":"2024-01-01T00:00:00Z"}},` +
			`"$or":[{"a":{"$lt":5}},{"a":5,"_id":{"$gt":1}}]}`,
		`{"a":{"$elemMatch":{"b":1,"c.d":{"$exists":false}}}}`,
		`{"a":{"$elemMatch":{"$gt":1,"$lt":{"$numberLong":"9"}}}}`,
		`{"b":{"$regex":"^t.*x","$options":"im"},"c.d.0":{"$ne":null}}`,
		`{"a":{"$not":{"$size":2}},"$nor":[{"a":{"$all":[1,[1,2]]}}]}`,
		`{"a":{"$type":["number",2,"array"]},"d":{"$gte":{"$minKey":1}}}`, `{"a.0.b.0.0":3}`,
		`{"a":{"$in":[1,"x",null,{"$regularExpression":{"pattern":"x","options":""}}]}}`,
		`{"a":{"$nin":[1,2,3,4,5,6,7,8,9,{"$numberDouble":"NaN"}]},"$comment":"why"}`,
	} {
		for _, doc := range fuzzDocuments {
			f.Add([]byte(filter), []byte(doc))
			f.Add([]byte(js(f, filter)), []byte(js(f, doc)))
		}
	}
	f.Fuzz(func(t *testing.T, filter, doc []byte) {
		spec := bsontest.Document(filter)
		if spec == nil {
			return
		}
		compiled, err := ParseFilter(spec)
		if err != nil {
			return
		}
		docs := []bsoncore.Document{js(t, fuzzDocuments[0]), js(t, fuzzDocuments[1]), js(t, fuzzDocuments[2])}
		if own := bsontest.Document(doc); own != nil {
			docs = append(docs, own)
		}
		for _, doc := range docs {
			all := true
			for _, c := range compiled.Conjuncts() {
				all = all && c.Match(doc)
			}
			if got := compiled.Match(doc); got != all {
				t.Errorf("%s on %s: %v, its conjuncts %v", spec, doc, got, all)
			}
			for _, eq := range compiled.Equalities() {
				_, _, _ = Keys(doc, []SortKey{{Path: eq.Path, Parts: eq.parts}}, nil)
				Values(doc, eq.Path)
				keyenc.Append(nil, eq.Value)
			}
		}
	})
}

// FuzzUpdate parses any bytes as an update and applies it to documents, one of
// which is fuzzed too: the outcome is an error or a well-formed document with
// the same _id.
func FuzzUpdate(f *testing.F) {
	for _, update := range []string{
		`{"a":1,"b":[1,2]}`, `{"$set":{"a.b.c":1,"c.d.3":{"x":1}},"$unset":{"b":1,"c.d.0":""}}`,
		`{"$inc":{"n":1,"a":{"$numberLong":"9223372036854775807"}},"$mul":{"m":1.5}}`,
		`{"$min":{"a":0},"$max":{"b":"z"},"$setOnInsert":{"at":{"$date":"2024-01-01T00:00:00Z"}}}`,
		`{"$currentDate":{"at":true,"on":{"$type":"date"}}}`,
		`{"$push":{"a":{"$each":[1,{"x":1}],"$slice":-3,"$position":1}},"$addToSet":{"c.d":{"$each":[1,2,2]}}}`,
		`{"$pull":{"a":{"$gte":2},"c.d":{"e":null}}}`, `{"$pull":{"a":{"$elemMatch":{"$gt":1}}}}`,
		`{"$set":{"a.1000000":1}}`, `{"$push":{"new.list":{"$each":[]}}}`,
	} {
		for _, doc := range fuzzDocuments {
			f.Add([]byte(update), []byte(doc))
			f.Add([]byte(js(f, update)), []byte(js(f, doc)))
		}
	}
	f.Fuzz(func(t *testing.T, update, doc []byte) {
		spec := bsontest.Document(update)
		if spec == nil {
			return
		}
		u, err := ParseUpdate(bsonraw.DocValue(spec))
		if err != nil {
			return
		}
		old := js(t, fuzzDocuments[0])
		if own := bsontest.Document(doc); own != nil {
			if old, err = Insertable(own); err != nil {
				return
			}
		}
		id, _ := bsonraw.Lookup(old, "_id")
		if next, _, err := u.Apply(old); err == nil {
			changed, ok := bsonraw.Lookup(next, "_id")
			if invalid := bsonraw.Validate(next); invalid != nil || !ok || Compare(id, changed) != 0 {
				t.Errorf("%s on %s: %s (%v)", spec, old, next, invalid)
			}
		}
		byID := &Filter{Op: And, Children: []*Filter{leaf(Eq, "_id", id)}}
		if next, err := u.Upsert(byID); err == nil && bsonraw.Validate(next) != nil {
			t.Errorf("upsert of %s: %s", spec, next)
		}
	})
}

// list is a source of documents.
type list struct{ docs []bsoncore.Document }

func (l *list) Next(context.Context) (bsoncore.Document, error) {
	if len(l.docs) == 0 {
		return nil, nil
	}
	doc := l.docs[0]
	l.docs = l.docs[1:]
	return doc, nil
}

func (l *list) Close() {}

// FuzzPipeline runs any bytes as an aggregation over documents: the outcome is an error, or well-formed documents.
func FuzzPipeline(f *testing.F) {
	for _, pipeline := range []string{
		`{"p":[{"$match":{"a":1}},{"$sort":{"a.b":1,"c":-1}},{"$skip":1},{"$limit":1.5}]}`,
		`{"p":[{"$group":{"_id":{"b":"$b"},"s":{"$sum":"$a"},"v":{"$avg":{"$add":["$a",1,"$c.d"]}},"l":{"$push":"$b"}}}]}`,
		`{"p":[{"$unwind":{"path":"$c.d","preserveNullAndEmptyArrays":true}},{"$project":{"r":{"$subtract":["$a",1]}}}]}`,
		`{"p":[{"$project":{"a":1,"c.d":1,"_id":0,"r":{"$cond":{"if":"$e","then":"$a","else":{"x":"$b"}}}}}]}`,
		`{"p":[{"$unwind":"$a"},{"$sort":{"a":1}},{"$count":"n"}]}`,
	} {
		for _, doc := range fuzzDocuments {
			f.Add([]byte(pipeline), []byte(doc))
		}
	}
	f.Fuzz(func(t *testing.T, pipeline, doc []byte) {
		spec := bsontest.Document(pipeline)
		if spec == nil {
			return
		}
		it := bsonraw.NewIter(spec)
		if !it.Next() || it.Value.Type != bsoncore.TypeArray {
			return
		}
		p, err := ParsePipeline(bsonraw.Elements(it.Value.Data))
		if err != nil {
			return
		}
		docs := []bsoncore.Document{js(t, fuzzDocuments[0]), js(t, fuzzDocuments[1]), js(t, fuzzDocuments[2])}
		if own := bsontest.Document(doc); own != nil {
			docs = append(docs, own)
		}
		out := p.Run(&list{docs})
		for range 10_000 {
			doc, err := out.Next(t.Context())
			if err != nil || doc == nil {
				return
			}
			if invalid := bsonraw.Validate(doc); invalid != nil {
				t.Fatalf("%s yields %s (%v)", spec, doc, invalid)
			}
		}
	})
}
