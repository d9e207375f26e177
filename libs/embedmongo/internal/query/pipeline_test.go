package query

import (
	"context"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
)

// given is a source of documents in memory.
type given struct{ docs []bsoncore.Document }

func (g *given) Next(context.Context) (bsoncore.Document, error) {
	if len(g.docs) == 0 {
		return nil, nil
	}
	doc := g.docs[0]
	g.docs = g.docs[1:]
	return doc, nil
}

func (g *given) Close() {}

// stages parses an array of stages in extended JSON.
func stages(t *testing.T, pipeline string) (*Pipeline, error) {
	t.Helper()
	array, _ := bsonraw.Lookup(js(t, `{"p":`+pipeline+`}`), "p")
	return ParsePipeline(bsonraw.Elements(array.Data))
}

// TestPipelinesComputeDocuments: stages before a $project or $group are the planner's, so these begin with one.
func TestPipelinesComputeDocuments(t *testing.T) {
	t.Parallel()
	docs := []string{
		`{"_id":1,"day":"mon","n":2,"tags":["a","b"]}`, `{"_id":2,"day":"tue","n":3.5}`,
		`{"_id":3,"day":"mon","n":4,"tags":["b"]}`,
	}
	for name, c := range map[string]struct {
		pipeline string
		want     []string
	}{
		"group and sort": {
			`[{"$group":{"_id":"$day","sum":{"$sum":"$n"},"avg":{"$avg":"$n"},"all":{"$push":"$_id"}}},{"$sort":{"_id":1}}]`,
			[]string{`{"_id":"mon","sum":6,"avg":3.0,"all":[1,3]}`, `{"_id":"tue","sum":3.5,"avg":3.5,"all":[2]}`},
		},
		"first, last, least and most": {
			`[{"$group":{"_id":null,"f":{"$first":"$n"},"l":{"$last":"$n"},"min":{"$min":"$n"},"max":{"$max":"$n"}}}]`,
			[]string{`{"_id":null,"f":2,"l":4,"min":2,"max":4}`},
		},
		"unwind": {
			`[{"$unwind":"$tags"},{"$group":{"_id":"$tags","n":{"$sum":1}}},{"$sort":{"n":-1}}]`,
			[]string{`{"_id":"b","n":2}`, `{"_id":"a","n":1}`},
		},
		"computed fields": {
			`[{"$project":{"more":{"$add":["$n",1]},"less":{"$subtract":["$n",1]},
				"big":{"$cond":[{"$gte":["$n",3]},"yes","no"]}}},
			  {"$match":{"big":"yes"}},{"$skip":1},{"$limit":1}]`,
			[]string{`{"_id":3,"more":5,"less":3,"big":"yes"}`},
		},
		"count": {`[{"$unwind":"$tags"},{"$count":"n"}]`, []string{`{"n":3}`}},
	} {
		p, err := stages(t, c.pipeline)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		in := &given{}
		for _, doc := range docs {
			in.docs = append(in.docs, js(t, doc))
		}
		var got, want []string
		source := p.Run(in)
		for {
			doc, err := source.Next(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if doc == nil {
				break
			}
			got = append(got, bson.Raw(doc).String())
		}
		for _, doc := range c.want {
			want = append(want, bson.Raw(js(t, doc)).String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

func TestPipelinesRefuseUnsupportedStages(t *testing.T) {
	t.Parallel()
	for _, pipeline := range []string{
		`[{"$out":"c"}]`, `[{"$group":{"n":{"$sum":1}}}]`, `[{"$group":{"_id":1,"n":{"$stdDevPop":"$n"}}}]`,
		`[{"$skip":-1}]`, `[{"$limit":0}]`, `[{"$count":"$n"}]`, `[{"$sort":{}}]`, `[{"$unwind":"tags"}]`,
		`[{"$project":{"a":{"$zip":1}}}]`, `[{"$match":1}]`, `[{"$skip":1,"$limit":1}]`,
	} {
		if _, err := stages(t, pipeline); err == nil {
			t.Errorf("%s is accepted", pipeline)
		}
	}
}
