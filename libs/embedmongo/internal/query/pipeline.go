package query

import (
	"bytes"
	"context"
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Source yields documents, nil at the end. A document holds until the
// following call.
type Source interface {
	Next(ctx context.Context) (bsoncore.Document, error)
	Close()
}

// Pipeline is a compiled aggregation. Its leading $match, $sort, $skip and
// $limit are left to the planner; Run adds the rest.
type Pipeline struct {
	Filter      *Filter
	Sort        []SortKey
	Skip, Limit int64
	CountOnly   bool // no later stage reads a field
	Empty       bool // a limit leaves nothing

	stages []stage
}

// stage is one step: it wraps the source of documents before it.
type stage struct {
	name string
	wrap func(Source) Source
	// blind stages read no field of their input.
	blind bool
}

// parser makes a stage from its argument.
type parser func(v bsoncore.Value) (stage, error)

var stageParsers map[string]parser

func init() {
	stageParsers = map[string]parser{
		"$match": parseMatch, "$sort": parseSortStage, "$limit": parseLimit, "$skip": parseSkip,
		"$project": parseProject, "$count": parseCount, "$unwind": parseUnwind, "$group": parseGroup,
	}
}

// ParsePipeline compiles an aggregation pipeline.
func ParsePipeline(specs []bsoncore.Value) (*Pipeline, error) {
	p := &Pipeline{Filter: &Filter{Op: And}}
	pushing := true
	for _, spec := range specs {
		if spec.Type != bsoncore.TypeEmbeddedDocument {
			return nil, mongoerr.New(mongoerr.TypeMismatch, "Each element of the 'pipeline' array must be an object")
		}
		it := bsonraw.NewIter(spec.Data)
		if !it.Next() {
			return nil, mongoerr.New(40323, "A pipeline stage specification object must contain exactly one field.")
		}
		name, v := string(it.Key), it.Value
		if it.Next() {
			return nil, mongoerr.New(40323, "A pipeline stage specification object must contain exactly one field.")
		}
		if pushing {
			pushed, err := p.push(name, v)
			if err != nil {
				return nil, err
			}
			if pushing = pushed; pushed {
				continue
			}
		}
		parse, ok := stageParsers[name]
		if !ok {
			return nil, mongoerr.New(mongoerr.UnknownStage, "Unrecognized pipeline stage name: '%s'", name)
		}
		s, err := parse(v)
		if err != nil {
			return nil, err
		}
		s.name = name
		p.stages = append(p.stages, s)
	}
	p.CountOnly = p.Sort == nil && p.aggregatesBlindly()
	return p, nil
}

// aggregatesBlindly reports whether the documents are folded into others
// before any stage reads one of their fields.
func (p *Pipeline) aggregatesBlindly() bool {
	for _, s := range p.stages {
		if !s.blind {
			return false
		}
		if s.name == "$count" || s.name == "$group" {
			return true
		}
	}
	return false
}

// push hands a leading stage to the planner, as long as the order of filter,
// sort, skip and limit stays that of a find.
func (p *Pipeline) push(name string, v bsoncore.Value) (bool, error) {
	switch name {
	case "$match":
		if p.Sort != nil || p.Skip > 0 || p.Limit > 0 || p.Empty {
			return false, nil
		}
		f, err := matchOf(v)
		if err != nil {
			return false, err
		}
		p.Filter.Children = append(p.Filter.Children, f)
	case "$sort":
		if p.Sort != nil || p.Skip > 0 || p.Limit > 0 || p.Empty {
			return false, nil
		}
		keys, err := sortOf(v)
		p.Sort = keys
		return err == nil, err
	case "$skip":
		n, err := countOf(name, v, 0)
		if err != nil || p.Limit > 0 || p.Empty {
			return false, err
		}
		p.Skip += n
	case "$limit":
		n, err := countOf(name, v, 1)
		if err != nil {
			return false, err
		}
		if p.Limit == 0 || n < p.Limit {
			p.Limit = n
		}
	default:
		return false, nil
	}
	return true, nil
}

// Run chains the stages behind a source; closing the result closes it.
func (p *Pipeline) Run(s Source) Source {
	for _, st := range p.stages {
		s = st.wrap(s)
	}
	return s
}

func matchOf(v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return nil, mongoerr.New(15959, "the match filter must be an expression in an object")
	}
	return ParseFilter(v.Data)
}

func sortOf(v bsoncore.Value) ([]SortKey, error) {
	if v.Type != bsoncore.TypeEmbeddedDocument || len(v.Data) <= 5 {
		return nil, mongoerr.New(15976, "$sort stage must have at least one sort key")
	}
	return ParseSort(v.Data)
}

func countOf(name string, v bsoncore.Value, least int64) (int64, error) {
	n, ok := bsonraw.Truncated(v)
	if !ok || n < least {
		return 0, mongoerr.New(15958, "invalid argument to %s stage: expected a number of at least %d", name, least)
	}
	return n, nil
}

// step is a source that works on another one, document by document.
type step struct {
	Source
	next func(ctx context.Context) (bsoncore.Document, error)
}

func (s *step) Next(ctx context.Context) (bsoncore.Document, error) { return s.next(ctx) }

func parseMatch(v bsoncore.Value) (stage, error) {
	f, err := matchOf(v)
	return stage{wrap: func(in Source) Source {
		return &step{in, func(ctx context.Context) (bsoncore.Document, error) {
			for {
				doc, err := in.Next(ctx)
				if doc == nil || err != nil || f.Match(doc) {
					return doc, err
				}
			}
		}}
	}}, err
}

func parseSkip(v bsoncore.Value) (stage, error) {
	n, err := countOf("$skip", v, 0)
	return stage{blind: true, wrap: func(in Source) Source {
		left := n
		return &step{in, func(ctx context.Context) (bsoncore.Document, error) {
			for ; left > 0; left-- {
				if doc, err := in.Next(ctx); doc == nil || err != nil {
					return nil, err
				}
			}
			return in.Next(ctx)
		}}
	}}, err
}

func parseLimit(v bsoncore.Value) (stage, error) {
	n, err := countOf("$limit", v, 1)
	return stage{blind: true, wrap: func(in Source) Source {
		left := n
		return &step{in, func(ctx context.Context) (bsoncore.Document, error) {
			if left == 0 {
				return nil, nil
			}
			left--
			return in.Next(ctx)
		}}
	}}, err
}

func parseProject(v bsoncore.Value) (stage, error) {
	if v.Type != bsoncore.TypeEmbeddedDocument || len(v.Data) <= 5 {
		return stage{}, mongoerr.New(51272, "$project specification must have at least one field")
	}
	p, err := parseProjection(v.Data, true)
	return stage{wrap: func(in Source) Source {
		return &step{in, func(ctx context.Context) (bsoncore.Document, error) {
			doc, err := in.Next(ctx)
			if doc == nil || err != nil {
				return nil, err
			}
			return p.compute(doc)
		}}
	}}, err
}

// collected is a source that reads all input before it yields anything.
func collected(in Source, fill func(ctx context.Context, in Source) ([]bsoncore.Document, error)) Source {
	var docs []bsoncore.Document
	filled := false
	return &step{in, func(ctx context.Context) (bsoncore.Document, error) {
		if !filled {
			filled = true
			var err error
			if docs, err = fill(ctx, in); err != nil {
				return nil, err
			}
		}
		if len(docs) == 0 {
			return nil, nil
		}
		doc := docs[0]
		docs = docs[1:]
		return doc, nil
	}}
}

func parseSortStage(v bsoncore.Value) (stage, error) {
	keys, err := sortOf(v)
	return stage{wrap: func(in Source) Source {
		return collected(in, func(ctx context.Context, in Source) ([]bsoncore.Document, error) {
			s := NewSorter(keys, 0)
			for {
				doc, err := in.Next(ctx)
				if err != nil {
					return nil, err
				}
				if doc == nil {
					return s.Sorted(), nil
				}
				if err := s.Add(bytes.Clone(doc)); err != nil {
					return nil, err
				}
			}
		})
	}}, err
}

func parseCount(v bsoncore.Value) (stage, error) {
	name, ok := v.StringValueOK()
	if !ok || name == "" || name[0] == '$' || strings.ContainsAny(name, ".\x00") {
		return stage{}, mongoerr.New(
			40156,
			"the count field must be a non-empty string without '.' and null bytes that does not start with $",
		)
	}
	return stage{blind: true, wrap: func(in Source) Source {
		return collected(in, func(ctx context.Context, in Source) ([]bsoncore.Document, error) {
			n := int64(0)
			for ; ; n++ {
				doc, err := in.Next(ctx)
				if err != nil {
					return nil, err
				}
				if doc == nil {
					break
				}
			}
			if n == 0 {
				return nil, nil
			}
			return []bsoncore.Document{bsonraw.NewBuilder().Value(name, shrink(n)).Build()}, nil
		})
	}}, nil
}

// shrink is an int32 where the number fits, as MongoDB counts.
func shrink(n int64) bsoncore.Value {
	if n == int64(int32(n)) {
		return bsonraw.Int32Value(int32(n))
	}
	return bsonraw.Int64Value(n)
}
