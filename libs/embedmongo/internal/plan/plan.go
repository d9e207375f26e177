// Package plan chooses how to find the documents of a query — by _id, through
// an index, or by reading the whole collection — and walks them in order.
package plan

import (
	"bytes"
	"slices"
	"sort"

	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
)

const (
	maxRanges = 1000 // separate key ranges of one plan
	maxMerge  = 64   // ranges merged to keep a sort order
	maxRivals = 15   // other conditions that are compared with the first
	maxProbe  = 4096 // entries of each that are looked at for that
)

// Query is what a plan is made for.
type Query struct {
	Filter      *query.Filter
	Sort        []query.SortKey
	Skip, Limit int64 // Limit 0 means all
	Hint        bsoncore.Value
	CountOnly   bool          // the documents' contents are not needed
	Done        func(*Cursor) // called when the walk has ended; may be nil
}

// keyRange is a range [lower, upper) of engine keys, or one single key.
type keyRange struct {
	lower, upper []byte
	point        bool
	prefix       int // length of the part that is constant in the range
}

// Plan is a chosen way to run a query.
type Plan struct {
	Query
	coll     *store.Collection
	index    *store.Index // nil walks the documents, which are ordered by _id
	ranges   []keyRange
	bounded  bool // the ranges are narrower than everything
	sorted   bool // the walk yields the wanted order
	merge    bool // the ranges have to be merged to do so
	reverse  bool
	covered  bool            // every entry in the ranges matches the filter
	residual []*query.Filter // the conditions that entries in the ranges may not meet
	complete bool            // no wanted document is missing in a sparse index; a hint uses it anyway
	score    int
	distinct bool    // a document may be met several times
	others   int     // how many other conditions could bound a field of arrays
	rivals   []*Plan // the same walk, bounded by another condition on the same field
}

var idKeys = []query.SortKey{{Path: "_id", Parts: []string{"_id"}}}

// Make chooses a plan for a query on a collection.
func Make(c *store.Collection, q Query) (*Plan, error) {
	conjuncts := q.Filter.Conjuncts()
	hinted, err := hint(c, q.Hint)
	if err != nil {
		return nil, err
	}
	if hinted != nil {
		if hinted.natural {
			if q.Sort == nil {
				q.Sort = hinted.order
			}
			conjuncts = nil
		}
		return build(c, hinted.index, q, conjuncts, 0).compared(conjuncts), nil
	}
	best := build(c, nil, q, conjuncts, 0)
	if best.score > foundByKey {
		return best, nil // no index finds them with less
	}
	for _, ix := range c.Indexes {
		if ix.Partial != nil && !implied(ix.Partial, conjuncts) {
			continue
		}
		p := build(c, ix, q, conjuncts, 0)
		if !p.complete || !p.bounded && (!p.sorted || len(q.Sort) == 0) {
			continue
		}
		if p.score > best.score {
			best = p
		}
	}
	return best.compared(conjuncts), nil
}

// compared adds the plan's rivals: the same walk, bounded by each of the other conditions on a field of arrays.
func (p *Plan) compared(conjuncts []*query.Filter) *Plan {
	for nth := 1; nth <= min(p.others, maxRivals); nth++ {
		if rival := build(p.coll, p.index, p.Query, conjuncts, nth); rival.complete == p.complete {
			p.rivals = append(p.rivals, rival)
		}
	}
	return p
}

type hintChoice struct {
	index   *store.Index
	natural bool
	order   []query.SortKey
}

// Natural is the order {$natural: ±1} asks for: that of _id, in which documents
// are stored.
func Natural(v bsoncore.Value) []query.SortKey {
	if n, ok := bsonraw.Float(v); ok && n < 0 {
		return []query.SortKey{{Path: "_id", Parts: idKeys[0].Parts, Descending: true}}
	}
	return nil
}

func hint(c *store.Collection, v bsoncore.Value) (*hintChoice, error) {
	switch v.Type {
	case 0:
		return nil, nil
	case bsoncore.TypeString:
		if v.StringValue() == "_id_" {
			return &hintChoice{}, nil
		}
		if ix := c.Index(v.StringValue()); ix != nil {
			return &hintChoice{index: ix}, nil
		}
	case bsoncore.TypeEmbeddedDocument:
		it := bsonraw.NewIter(v.Data)
		if !it.Next() {
			return nil, nil
		}
		name := string(it.Key)
		if name == "$natural" {
			return &hintChoice{natural: true, order: Natural(it.Value)}, nil
		}
		if name == "_id" && !it.Next() {
			return &hintChoice{}, nil
		}
		for _, ix := range c.Indexes {
			if query.Compare(bsonraw.DocValue(ix.KeyPattern()), v) == 0 {
				return &hintChoice{index: ix}, nil
			}
		}
	}
	return nil, mongoerr.New(
		mongoerr.BadValue,
		"error processing query: planner returned error :: caused by :: "+
			"hint provided does not correspond to an existing index",
	)
}

// build makes the plan that walks one index. nth says which of several conditions on a field of arrays bounds it.
func build(c *store.Collection, ix *store.Index, q Query, conjuncts []*query.Filter, nth int) *Plan {
	p := &Plan{Query: q, coll: c, index: ix}
	keys, prefix := idKeys, c.DocPrefix()
	if ix != nil {
		keys, prefix = ix.Keys, ix.Prefix()
	}
	prefixes := [][]byte{prefix}
	points, present := 0, false
	var exact []*query.Filter
	single := make([]bool, len(keys))
	var last *span
	arrays := map[string]bool{} // bounded fields that lead through arrays, by first name
	for i, k := range keys {
		multikey := ix != nil && ix.Multikey(i)
		if multikey && arrays[k.Parts[0]] {
			break // the conditions may be met by different elements of one array
		}
		if multikey {
			arrays[k.Parts[0]] = true
		}
		b := boundsFor(k.Path, conjuncts, multikey, nth)
		p.others = max(p.others, b.rivals)
		if b.points != nil && len(prefixes)*len(b.points) <= maxRanges {
			prefixes = extend(prefixes, b.points, k.Descending)
			single[i] = len(b.points) == 1
			points++
		} else if b.span != nil {
			last = b.span
		} else {
			break
		}
		exact = append(exact, b.exact...)
		present = present || b.present
		if last != nil {
			break
		}
	}
	p.complete = ix == nil || !ix.Sparse || present
	for i := range keys { // at one point of an array's elements a document has one entry
		p.distinct = p.distinct || ix != nil && ix.Multikey(i) && !single[i]
	}
	p.bounded = points > 0 || last != nil
	for _, c := range q.Filter.Conjuncts() {
		if !slices.Contains(exact, c) {
			p.residual = append(p.residual, c)
		}
	}
	p.covered = len(p.residual) == 0
	p.setRanges(prefixes, last, points, keys)
	p.setOrder(keys, single, points)
	p.setScore(points, last != nil, len(keys))
	return p
}

func extend(prefixes, points [][]byte, descending bool) [][]byte {
	out := make([][]byte, 0, len(prefixes)*len(points))
	for _, p := range prefixes {
		for _, v := range points {
			key := append(append(make([]byte, 0, len(p)+len(v)+16), p...), v...)
			if descending {
				keyenc.Invert(key[len(p):])
			}
			out = append(out, key)
		}
	}
	return out
}

func (p *Plan) setRanges(prefixes [][]byte, last *span, points int, keys []query.SortKey) {
	if last != nil && bytes.Compare(last.lower, last.upper) >= 0 {
		return // the conditions contradict each other
	}
	full := last == nil && points == len(keys) && (p.index == nil || p.index.Unique)
	for _, prefix := range prefixes {
		r := keyRange{lower: prefix, upper: keyenc.Successor(prefix), prefix: len(prefix), point: full}
		if last != nil {
			lower, upper := last.lower, last.upper
			if keys[points].Descending {
				lower, upper = bytes.Clone(upper), bytes.Clone(lower)
				keyenc.Invert(lower)
				keyenc.Invert(upper)
				lower, upper = keyenc.Successor(lower), keyenc.Successor(upper)
			}
			r.lower = slices.Concat(prefix, lower)
			r.upper = slices.Concat(prefix, upper)
		}
		p.ranges = append(p.ranges, r)
	}
	sort.Slice(p.ranges, func(i, j int) bool { return bytes.Compare(p.ranges[i].lower, p.ranges[j].lower) < 0 })
}

// setOrder finds out whether walking the ranges, forwards or backwards, merged
// or one after the other, yields the wanted order.
func (p *Plan) setOrder(keys []query.SortKey, single []bool, points int) {
	constant := func(path string) bool {
		for i, k := range keys {
			if k.Path == path && single[i] && !p.multikey(i) {
				return true
			}
		}
		return false
	}
	wanted := p.Sort
	directed, skippedMany, sortedPoint := false, false, false
	for i := 0; ; i++ {
		for len(wanted) > 0 && constant(wanted[0].Path) {
			wanted = wanted[1:]
		}
		if len(wanted) == 0 {
			break
		}
		if i == len(keys) {
			return
		}
		if keys[i].Path == wanted[0].Path && !p.multikey(i) {
			backwards := keys[i].Descending != wanted[0].Descending
			if directed && backwards != p.reverse {
				return
			}
			p.reverse, directed = backwards, true
			sortedPoint = sortedPoint || i < points
			wanted = wanted[1:]
		} else if i >= points {
			return
		} else if !single[i] {
			skippedMany = true
		}
	}
	p.merge = skippedMany && len(p.ranges) > 1
	p.sorted = !p.merge || !sortedPoint && len(p.ranges) <= maxMerge
	p.merge = p.merge && p.sorted
}

func (p *Plan) multikey(field int) bool { return p.index != nil && p.index.Multikey(field) }

// foundByKey ranks a plan whose ranges are single documents above all others.
const foundByKey = 10_000

// setScore ranks plans: more fixed fields first, then an order for free.
func (p *Plan) setScore(points int, ranged bool, fields int) {
	p.score = 100*points - fields
	if ranged {
		p.score += 40
	}
	if p.sorted && len(p.Sort) > 0 {
		p.score += 70
	}
	if p.covered {
		p.score += 20
	}
	if len(p.ranges) > 0 && p.ranges[0].point {
		p.score += foundByKey
	}
}

// byKey reports whether the plan reads the one document of an _id.
func (p *Plan) byKey() bool { return p.index == nil && len(p.ranges) == 1 && p.ranges[0].point }

// Stage is the plan's name in MongoDB's explain output.
func (p *Plan) Stage() string {
	switch {
	case p.index != nil:
		return "IXSCAN"
	case p.byKey():
		return "IDHACK"
	case p.bounded:
		return "IXSCAN"
	}
	return "COLLSCAN"
}

// IndexName is the name of the index walked; "" for the whole collection.
func (p *Plan) IndexName() string {
	if p.index != nil {
		return p.index.Name
	}
	if p.bounded {
		return "_id_"
	}
	return ""
}

// KeyPattern is the key document of the index walked.
func (p *Plan) KeyPattern() bsoncore.Document {
	if p.index != nil {
		return p.index.KeyPattern()
	}
	return bsonraw.NewBuilder().Int32("_id", 1).Build()
}

// Backwards reports whether the index is walked from its end.
func (p *Plan) Backwards() bool { return p.reverse && p.sorted }

// Sorts reports whether the plan has to sort in memory.
func (p *Plan) Sorts() bool { return !p.sorted && len(p.Sort) > 0 }

// Explain describes the plan as explain's winningPlan does.
func (p *Plan) Explain() bsoncore.Document {
	b := bsonraw.NewBuilder().String("stage", p.Stage())
	if name := p.IndexName(); name != "" {
		direction := "forward"
		if p.Backwards() {
			direction = "backward"
		}
		b.Doc("keyPattern", p.KeyPattern()).String("indexName", name).String("direction", direction)
	}
	doc := b.Build()
	if p.index != nil && !(p.CountOnly && p.covered) {
		fetch := bsonraw.NewBuilder().String("stage", "FETCH")
		doc = fetch.Doc("inputStage", doc).Build()
	}
	if p.Sorts() {
		doc = bsonraw.NewBuilder().String("stage", "SORT").Doc("inputStage", doc).Build()
	}
	return doc
}
