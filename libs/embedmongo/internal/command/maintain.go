package command

import (
	"context"
	"time"

	"fivechat.dev/libs/embedmongo/internal/plan"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
)

// sweepEvery is the interval of TTL removal, as in MongoDB.
const sweepEvery = time.Minute

// txSweepEvery is how often transactions are checked for their lifetime.
const txSweepEvery = time.Second

func (s *Server) maintain() {
	defer s.done.Done()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-s.stop
		cancel()
	}()
	s.done.Go(func() { s.purge(ctx) })
	seconds, minutes := time.NewTicker(txSweepEvery), time.NewTicker(sweepEvery)
	defer seconds.Stop()
	defer minutes.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-seconds.C:
			s.expireTransactions()
		case <-minutes.C:
			s.expireIdle()
			if err := s.ExpireDocuments(ctx, time.Now()); err != nil && ctx.Err() == nil {
				s.log.Error("expiring documents failed", "error", err)
			}
		}
	}
}

func (s *Server) expireTransactions() {
	s.sessions.each(func(sess *session) bool {
		lost := !sess.lost.IsZero() && time.Since(sess.lost) > lostConnection
		if sess.tx != nil && (lost || time.Since(sess.began) > txLifetime) {
			s.abortTx(sess)
		}
		return false
	})
}

func (s *Server) expireIdle() {
	s.cursors.closeIf(func(c *cursor) bool { return time.Since(c.used) > cursorTimeout })
	s.sessions.each(func(sess *session) bool {
		if time.Since(sess.used) <= sessionTimeout {
			return false
		}
		s.abortTx(sess)
		return true
	})
}

// ExpireDocuments deletes the documents that are due by their TTL index.
func (s *Server) ExpireDocuments(ctx context.Context, now time.Time) error {
	for _, c := range s.engine.Catalog().List("") {
		for _, ix := range c.Indexes {
			if ix.TTL < 0 {
				continue
			}
			if err := s.expireBy(ctx, c, ix, now); err != nil {
				return err
			}
		}
	}
	return s.engine.Sync()
}

func (s *Server) expireBy(ctx context.Context, c *store.Collection, ix *store.Index, now time.Time) error {
	path := ix.Keys[0].Path
	due := now.Add(-time.Duration(ix.TTL) * time.Second)
	doc, err := bson.Marshal(bson.D{{Key: path, Value: bson.D{{Key: "$lte", Value: due}}}})
	if err != nil {
		return err
	}
	filter, err := query.ParseFilter(doc)
	if err != nil {
		return err
	}
	r := &request{ctx: ctx, s: s}
	t := target{ns: c.NS, query: plan.Query{Filter: filter}, multi: true}
	if ix.Partial != nil {
		t.query.Filter = &query.Filter{Op: query.And, Children: []*query.Filter{filter, ix.Partial}}
	}
	name := bsonraw.NewBuilder().String("name", ix.Name).Build()
	t.query.Hint, _ = bsonraw.Lookup(name, "name")
	_, err = r.eachMatch(t, deletion(func(*store.Tx, bsoncore.Document) {}))
	return err
}
