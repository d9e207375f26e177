package store

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"fivechat.dev/libs/embedmongo/internal/mongoerr"
)

const lockShards = 64

// lockTable hands each key to one transaction at a time, in order of asking.
type lockTable struct {
	seed   maphash.Seed
	shards [lockShards]struct {
		sync.Mutex
		held map[string]*lock
	}
}

type lock struct {
	owner   *Tx
	waiters []*waiter
}

type waiter struct {
	tx    *Tx
	given chan struct{}
}

func newLockTable() *lockTable {
	t := &lockTable{seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].held = map[string]*lock{}
	}
	return t
}

func errConflict() error {
	return mongoerr.New(
		mongoerr.WriteConflict,
		"Caused by :: Write conflict during plan execution and yielding is disabled. :: "+
			"Please retry your operation or multi-document transaction.",
	)
}

// heldByOther reports whether another transaction than tx has a key.
func (t *lockTable) heldByOther(tx *Tx, key []byte) bool {
	s := &t.shards[maphash.Bytes(t.seed, key)%lockShards]
	s.Lock()
	defer s.Unlock()
	l := s.held[string(key)]
	return l != nil && l.owner != tx
}

// acquire takes a key for tx, waiting as long as tx may wait for its owner.
func (t *lockTable) acquire(ctx context.Context, tx *Tx, key string) error {
	s := &t.shards[maphash.String(t.seed, key)%lockShards]
	s.Lock()
	l := s.held[key]
	if l == nil {
		s.held[key] = &lock{owner: tx}
		s.Unlock()
		return nil
	}
	patience := tx.patience(l.owner)
	if patience <= 0 {
		s.Unlock()
		return errConflict()
	}
	w := &waiter{tx: tx, given: make(chan struct{})}
	l.waiters = append(l.waiters, w)
	s.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	err := errConflict()
	select {
	case <-w.given:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		err = mongoerr.New(mongoerr.MaxTimeMSExpired, "operation exceeded time limit")
	}
	s.Lock()
	defer s.Unlock()
	select {
	case <-w.given: // the lock was granted at the same moment: keep it, so that tx releases it
		return nil
	default:
	}
	for i, x := range l.waiters {
		if x == w {
			l.waiters = append(l.waiters[:i], l.waiters[i+1:]...)
			break
		}
	}
	return err
}

func (t *lockTable) release(key string) {
	s := &t.shards[maphash.String(t.seed, key)%lockShards]
	s.Lock()
	defer s.Unlock()
	l := s.held[key]
	if len(l.waiters) == 0 {
		delete(s.held, key)
		return
	}
	next := l.waiters[0]
	l.waiters = l.waiters[1:]
	l.owner = next.tx
	close(next.given)
}
