package command

import (
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// commitStatement is the statement number under which a commit is recorded.
const commitStatement = 1<<32 - 1

// record stores a statement's result in the same batch as its writes, so that a repeated statement is recognised, also
// after a restart.
func (r *request) record(tx *store.Tx, statement int, result bsoncore.Document) {
	if r.sess == nil {
		return
	}
	doc := bsonraw.NewBuilder().Int64("txn", r.sess.number).Int64("at", time.Now().Unix()).Doc("result", result).Build()
	tx.Put(store.ResultKey(r.sess.id, uint32(statement)), doc)
}

// recorded finds the result of a statement executed before; nil if it was not.
func (s *Server) recorded(session []byte, number int64, statement int) (bsoncore.Document, error) {
	doc, err := s.engine.Latest(store.ResultKey(session, uint32(statement)))
	if doc == nil || err != nil {
		return nil, err
	}
	if n, _ := bsonraw.Lookup(doc, "txn"); n.Int64() != number {
		return nil, nil
	}
	v, _ := bsonraw.Lookup(doc, "result")
	return v.Data, nil
}

// repeated returns the recorded result of the current command's statement.
func (r *request) repeated(statement int) (bsoncore.Document, error) {
	if r.sess == nil || r.tx != nil || r.sess.fresh {
		return nil, nil
	}
	return r.s.recorded(r.sess.id, r.sess.number, statement)
}

// sync makes the command's writes durable, unless the client doesn't wait for that.
func (r *request) sync() error {
	if r.tx != nil || r.wc.volatile {
		return nil
	}
	return r.s.engine.Sync()
}
