package command

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

const (
	maxCursors    = 2000
	cursorTimeout = 10 * time.Minute
	firstBatch    = 101 // documents of a first batch without a given size
	maxBatchBytes = 16<<20 - 16<<10
)

// source yields the documents of a cursor; nil at the end.
type source interface {
	Next(ctx context.Context) (bsoncore.Document, error)
	Close()
}

// list is a source over documents at hand.
type list struct{ docs []bsoncore.Document }

func (l *list) Next(context.Context) (bsoncore.Document, error) {
	if len(l.docs) == 0 {
		return nil, nil
	}
	d := l.docs[0]
	l.docs = l.docs[1:]
	return d, nil
}

func (l *list) Close() {}

// cursor is an open result. One command uses it at a time.
type cursor struct {
	id      int64
	ns      string
	source  source
	pending bsoncore.Document // read, but did not fit into the last batch
	tx      *store.Tx         // the transaction it belongs to
	used    time.Time
}

type cursorTable struct {
	sync.Mutex
	open map[int64]*cursor
}

func (t *cursorTable) add(c *cursor) error {
	t.Lock()
	defer t.Unlock()
	if len(t.open) >= maxCursors {
		return mongoerr.New(mongoerr.BadValue, "too many open cursors (limit %d)", maxCursors)
	}
	for c.id == 0 || t.open[c.id] != nil {
		c.id = rand.Int64()
	}
	c.used = time.Now()
	t.open[c.id] = c
	return nil
}

// take removes a cursor from the table while a command uses it.
func (t *cursorTable) take(id int64, ns string) *cursor {
	t.Lock()
	defer t.Unlock()
	c := t.open[id]
	if c == nil || c.ns != ns {
		return nil
	}
	delete(t.open, id)
	return c
}

func (t *cursorTable) closeIf(cond func(*cursor) bool) {
	t.Lock()
	var gone []*cursor
	for id, c := range t.open {
		if cond(c) {
			gone = append(gone, c)
			delete(t.open, id)
		}
	}
	t.Unlock()
	for _, c := range gone {
		c.source.Close()
	}
}

func (t *cursorTable) closeAll() { t.closeIf(func(*cursor) bool { return true }) }

// batch responds with up to size documents (-1: as many as fit). It keeps the cursor open if there are more.
func (r *request) batch(c *cursor, size int64, field string, single bool) (*bsonraw.Builder, error) {
	out := bsonraw.BuilderIn(r.conn.room)
	whole := out.Begin(bsoncore.TypeEmbeddedDocument, "cursor")
	docs := out.Begin(bsoncore.TypeArray, field)
	n, more := 0, true
	for more && (size < 0 || int64(n) < size) {
		doc := c.pending
		if c.pending = nil; doc == nil {
			var err error
			if doc, err = c.source.Next(r.ctx); err != nil {
				c.source.Close()
				return nil, err
			}
		}
		if doc == nil {
			more = false
			break
		}
		if len(doc) > bsonraw.MaxDocument {
			c.source.Close()
			return nil, mongoerr.New(
				mongoerr.ObjectTooLarge,
				"BSONObj size: %d is invalid. Size must be between 0 and %d",
				len(doc),
				bsonraw.MaxDocument,
			)
		}
		if n > 0 && out.Len()+len(doc) > maxBatchBytes {
			c.pending = append(bsoncore.Document(nil), doc...)
			break
		}
		out.Doc(strconv.Itoa(n), doc)
		n++
	}
	// A cursor whose last batch is full stays open, unless its source knows that nothing follows.
	if last, ok := c.source.(interface{ Exhausted() bool }); ok && c.pending == nil && last.Exhausted() {
		more = false
	}
	if !more || single {
		c.source.Close()
		c.id = 0
	} else if err := r.s.cursors.add(c); err != nil {
		c.source.Close()
		return nil, err
	}
	out.End(docs)
	out.Int64("id", c.id).String("ns", c.ns).End(whole)
	r.inRoom = true
	return out, nil
}

func getMore(r *request) (*bsonraw.Builder, error) {
	id, ok := r.args["getMore"].Int64OK()
	name, nameOK := r.args["collection"].StringValueOK()
	if !ok || !nameOK {
		return nil, mongoerr.New(mongoerr.TypeMismatch, "getMore needs a cursor id and a collection")
	}
	size, given, err := r.number("batchSize")
	if err != nil {
		return nil, err
	}
	if !given || size == 0 {
		size = -1
	}
	c := r.s.cursors.take(id, r.db+"."+name)
	if c == nil {
		return nil, mongoerr.New(mongoerr.CursorNotFound, "cursor id %d not found", id)
	}
	if c.tx != r.tx {
		c.used = time.Now()
		if err := r.s.cursors.add(c); err != nil {
			c.source.Close()
		}
		return nil, mongoerr.New(
			50738,
			"Cannot run getMore on cursor %d outside of the transaction it was opened in",
			id,
		)
	}
	return r.batch(c, size, "nextBatch", false)
}

func killCursors(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	var killed, missing []bsoncore.Value
	for _, v := range bsonraw.Elements(r.args["cursors"].Data) {
		id, ok := v.Int64OK()
		if !ok {
			return nil, mongoerr.New(mongoerr.TypeMismatch, "cursor ids must be of type long")
		}
		if c := r.s.cursors.take(id, ns); c != nil {
			c.source.Close()
			killed = append(killed, v)
		} else {
			missing = append(missing, v)
		}
	}
	return bsonraw.NewBuilder().Values("cursorsKilled", killed).Values("cursorsNotFound", missing).
		Values("cursorsAlive", nil).Values("cursorsUnknown", nil), nil
}
