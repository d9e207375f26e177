package plan

import (
	"bytes"
	"context"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Cursor walks the documents of a plan in a view.
type Cursor struct {
	plan *Plan
	view *store.View
	docs *store.Reader

	ranges []keyRange    // still to open
	iters  []*rangedIter // open: one, or all when merging
	seen   map[string]struct{}

	sorted []bsoncore.Document // the rest of a blocking sort
	filled bool

	skip, left int64 // left < 0 means without limit

	// KeysExamined and DocsExamined count the work done, as explain shows it. Matched counts the documents that
	// satisfied the filter, with those that were skipped.
	KeysExamined, DocsExamined, Matched int64
}

type rangedIter struct {
	*store.Iter
	prefix int
}

var emptyDoc = bsonraw.NewBuilder().Build()

// fewest is the plan or the rival whose range ends first, as far as that is seen at once: of several words that a
// document has to have, the rarest.
func (p *Plan) fewest(v *store.View) *Plan {
	if len(p.rivals) == 0 {
		return p
	}
	all := append([]*Plan{p}, p.rivals...)
	probes := make([]*probe, len(all))
	for i, one := range all {
		probes[i] = &probe{view: v, ranges: one.ranges}
		defer probes[i].close()
	}
	for range maxProbe {
		for i, one := range probes {
			if !one.next() {
				return all[i]
			}
		}
	}
	return p
}

// probe counts the entries of ranges, one by one.
type probe struct {
	view   *store.View
	ranges []keyRange // still to open
	iter   *store.Iter
}

// next reports whether there is another entry. After an error there is none: walking the ranges returns it.
func (p *probe) next() bool {
	for {
		if p.iter != nil {
			if more, err := p.iter.Next(); err != nil || more {
				return err == nil
			}
			p.close()
		}
		if len(p.ranges) == 0 {
			return false
		}
		r := p.ranges[0]
		p.ranges = p.ranges[1:]
		it, err := p.view.Iter(r.lower, r.upper, false)
		if err != nil {
			return false
		}
		p.iter = it
	}
}

func (p *probe) close() {
	if p.iter != nil {
		p.iter.Close()
		p.iter = nil
	}
}

// Open starts a walk. It keeps the view until Close.
func (p *Plan) Open(v *store.View) *Cursor {
	p = p.fewest(v)
	c := &Cursor{
		plan:   p,
		view:   v.Retain(),
		docs:   v.Reader(),
		ranges: append([]keyRange(nil), p.ranges...),
		skip:   p.Skip,
		left:   -1,
	}
	if p.Limit > 0 {
		c.left = p.Limit
	}
	if p.Backwards() {
		for i, j := 0, len(c.ranges)-1; i < j; i, j = i+1, j-1 {
			c.ranges[i], c.ranges[j] = c.ranges[j], c.ranges[i]
		}
	}
	if p.distinct {
		c.seen = map[string]struct{}{}
	}
	return c
}

// Plan is the plan the cursor walks.
func (c *Cursor) Plan() *Plan { return c.plan }

// Close ends the walk.
func (c *Cursor) Close() {
	if c.view == nil {
		return
	}
	for _, it := range c.iters {
		it.Close()
	}
	c.iters = nil
	c.docs.Close()
	c.view.Close()
	c.view = nil
	if c.plan.Done != nil {
		c.plan.Done(c)
	}
}

// Next returns the next document, nil at the end. The document holds until the
// following call.
func (c *Cursor) Next(ctx context.Context) (bsoncore.Document, error) {
	if c.left == 0 {
		return nil, nil
	}
	if c.plan.Sorts() {
		return c.nextSorted(ctx)
	}
	for {
		doc, err := c.match(ctx, c.skip > 0)
		if doc == nil || err != nil {
			return nil, err
		}
		if c.skip > 0 {
			c.skip--
			continue
		}
		if c.left > 0 {
			c.left--
		}
		return doc, nil
	}
}

// Exhausted reports whether it is known that no document follows: after the limit, or after the document of an _id.
func (c *Cursor) Exhausted() bool {
	return c.left == 0 || c.plan.byKey() && len(c.ranges) == 0
}

func (c *Cursor) nextSorted(ctx context.Context) (bsoncore.Document, error) {
	if !c.filled {
		c.filled = true
		limit := 0
		if c.left > 0 && c.skip+c.left < 1<<30 {
			limit = int(c.skip + c.left)
		}
		s := query.NewSorter(c.plan.Sort, limit)
		for {
			doc, err := c.match(ctx, false)
			if err != nil {
				return nil, err
			}
			if doc == nil {
				break
			}
			if err := s.Add(bytes.Clone(doc)); err != nil {
				return nil, err
			}
		}
		c.sorted = s.Sorted()
		c.sorted = c.sorted[min(c.skip, int64(len(c.sorted))):]
	}
	if len(c.sorted) == 0 {
		return nil, nil
	}
	doc := c.sorted[0]
	c.sorted = c.sorted[1:]
	if c.left > 0 {
		c.left--
	}
	return doc, nil
}

// match returns the next document that satisfies the filter. When its contents
// do not matter and the keys decide, the document itself is not read.
func (c *Cursor) match(ctx context.Context, contentless bool) (bsoncore.Document, error) {
	contentless = (contentless || c.plan.CountOnly && !c.plan.Sorts()) && c.plan.covered
	for {
		if c.KeysExamined&255 == 255 && ctx.Err() != nil {
			return nil, mongoerr.New(mongoerr.MaxTimeMSExpired, "operation exceeded time limit")
		}
		key, value, err := c.entry()
		if key == nil || err != nil {
			return nil, err
		}
		c.KeysExamined++
		doc := bsoncore.Document(value)
		if ix := c.plan.index; ix != nil {
			idKey := ix.IDKeyOf(key, value)
			if c.seen != nil {
				if _, again := c.seen[string(idKey)]; again {
					continue
				}
				c.seen[string(idKey)] = struct{}{}
			}
			if contentless {
				c.Matched++
				return emptyDoc, nil
			}
			if doc, err = c.docs.Get(c.plan.coll.DocKey(idKey)); err != nil {
				return nil, err
			}
			if doc == nil {
				return nil, mongoerr.New(mongoerr.InternalError, "index %s has an entry without document", ix.Name)
			}
		}
		c.DocsExamined++
		if c.plan.matches(doc) {
			c.Matched++
			return doc, nil
		}
	}
}

// matches reports whether a document in the ranges meets the conditions that they leave open.
func (p *Plan) matches(doc bsoncore.Document) bool {
	for _, c := range p.residual {
		if !c.Match(doc) {
			return false
		}
	}
	return true
}

// entry returns the next key of the ranges in walking order; a nil key ends it.
func (c *Cursor) entry() (key, value []byte, err error) {
	if c.plan.merge {
		return c.merged()
	}
	for {
		if len(c.iters) == 0 {
			if len(c.ranges) == 0 {
				return nil, nil, nil
			}
			r := c.ranges[0]
			c.ranges = c.ranges[1:]
			if r.point {
				value, err := c.view.Get(r.lower)
				if err != nil || value != nil {
					return r.lower, value, err
				}
				continue
			}
			if err := c.open(r); err != nil {
				return nil, nil, err
			}
		}
		it := c.iters[0]
		ok, err := it.Next()
		if err != nil {
			return nil, nil, err
		}
		if ok {
			return it.Key, it.Value, nil
		}
		it.Close()
		c.iters = c.iters[:0]
	}
}

func (c *Cursor) open(r keyRange) error {
	it, err := c.view.Iter(r.lower, r.upper, c.plan.Backwards())
	if err == nil {
		c.iters = append(c.iters, &rangedIter{it, r.prefix})
	}
	return err
}

// merged yields the least entry of all ranges, compared by the bytes after the
// ranges' constant parts.
func (c *Cursor) merged() (key, value []byte, err error) {
	advance := 0
	if len(c.ranges) > 0 {
		for _, r := range c.ranges {
			if err := c.open(r); err != nil {
				return nil, nil, err
			}
		}
		c.ranges, advance = nil, len(c.iters)
	} else if len(c.iters) > 0 {
		advance = 1 // the one whose entry was returned last is in front
	}
	for i := advance - 1; i >= 0; i-- {
		ok, err := c.iters[i].Next()
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			c.iters[i].Close()
			c.iters = append(c.iters[:i], c.iters[i+1:]...)
		}
	}
	if len(c.iters) == 0 {
		return nil, nil, nil
	}
	best := 0
	for i := 1; i < len(c.iters); i++ {
		order := bytes.Compare(c.iters[i].Key[c.iters[i].prefix:], c.iters[best].Key[c.iters[best].prefix:])
		if order < 0 != c.plan.reverse && order != 0 {
			best = i
		}
	}
	c.iters[0], c.iters[best] = c.iters[best], c.iters[0]
	return c.iters[0].Key, c.iters[0].Value, nil
}
