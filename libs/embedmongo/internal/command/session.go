package command

import (
	"sync"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

const (
	sessionTimeout = 30 * time.Minute
	txLifetime     = 60 * time.Second
	maxSessions    = 100000
	// lostConnection is how long a transaction waits for its client after its connection has ended.
	lostConnection = 5 * time.Second
)

type txState int

const (
	noTx txState = iota
	txOpen
	txCommitted
	txAborted
)

// session is the memory of one client session. mu is held while one of its
// commands runs.
type session struct {
	mu     sync.Mutex
	id     []byte
	number int64 // the last transaction number; -1 before the first
	fresh  bool  // number is higher than any this process has recorded
	state  txState
	tx     *store.Tx
	began  time.Time
	term   int64     // the server's when the transaction began
	conn   *Conn     // the connection of the open transaction's last statement
	lost   time.Time // when that connection ended; zero while it lasts

	used time.Time // guarded by the table
	busy int       // commands that have or wait for the session; guarded by the table
}

type sessionTable struct {
	sync.Mutex
	byID map[string]*session
}

func (t *sessionTable) enter(id []byte) (*session, error) {
	t.Lock()
	defer t.Unlock()
	s := t.byID[string(id)]
	if s == nil {
		if len(t.byID) >= maxSessions {
			return nil, mongoerr.New(
				mongoerr.TooManyLogicalSessions,
				"too many logical sessions (limit %d)",
				maxSessions,
			)
		}
		s = &session{id: append([]byte(nil), id...), number: -1}
		t.byID[string(id)] = s
	}
	s.busy++
	s.used = time.Now()
	return s, nil
}

func (t *sessionTable) leave(s *session) {
	t.Lock()
	s.busy--
	t.Unlock()
}

// each calls fn, under the session's own lock, for every session that executes no command. It removes the session if
// fn returns true.
func (t *sessionTable) each(fn func(*session) (forget bool)) {
	t.Lock()
	var idle []*session
	for _, s := range t.byID {
		if s.busy == 0 {
			s.busy++
			idle = append(idle, s)
		}
	}
	t.Unlock()
	for _, s := range idle {
		s.mu.Lock()
		forget := fn(s)
		s.mu.Unlock()
		t.Lock()
		s.busy--
		if forget && s.busy == 0 {
			delete(t.byID, string(s.id))
		}
		t.Unlock()
	}
}

func (t *sessionTable) closeAll() {
	t.each(func(s *session) bool { s.abort(); return true })
}

// lose notes that a connection has ended. A client that lives continues or ends its transactions over another one.
func (t *sessionTable) lose(c *Conn) {
	t.each(func(s *session) bool {
		if s.conn == c {
			s.conn, s.lost = nil, time.Now()
		}
		return false
	})
}

func (s *session) abort() {
	if s.tx != nil {
		s.tx.Abort()
		s.end(txAborted)
	}
}

func (s *session) end(state txState) { s.tx, s.conn, s.lost, s.state = nil, nil, time.Time{}, state }

// abortTx ends a session's open transaction and its cursors.
func (s *Server) abortTx(sess *session) {
	if tx := sess.tx; tx != nil {
		s.cursors.closeIf(func(c *cursor) bool { return c.tx == tx })
		sess.abort()
	}
}

// sessionID reads the command's lsid.
func (r *request) sessionID() ([]byte, error) {
	lsid, ok := r.args["lsid"]
	if !ok || lsid.Type != bsoncore.TypeEmbeddedDocument {
		return nil, mongoerr.New(
			mongoerr.InvalidOptions,
			"Transaction number requires a session ID to also be specified",
		)
	}
	id, _ := bsonraw.Lookup(lsid.Data, "id")
	if _, data, ok := id.BinaryOK(); ok && len(data) == 16 {
		return data, nil
	}
	return nil, mongoerr.New(mongoerr.BadValue, "lsid needs a 16 byte binary id")
}

// execute runs the command in the requested session and transaction.
func (r *request) execute(h handler) (*bsonraw.Builder, error) {
	numberArg, numbered := r.args["txnNumber"]
	if !numbered {
		if _, ok := r.args["autocommit"]; ok {
			return nil, mongoerr.New(
				mongoerr.InvalidOptions,
				"'autocommit' field requires a transaction number to also be specified",
			)
		}
		if r.ends() {
			return nil, mongoerr.New(mongoerr.CommandFailed, "%s must be run within a transaction", r.name)
		}
		if err := r.refuseSnapshot(h); err != nil {
			return nil, err
		}
		return h.run(r)
	}
	number, ok := numberArg.Int64OK()
	if !ok || number < 0 {
		return nil, mongoerr.New(mongoerr.BadValue, "txnNumber must be a non-negative long")
	}
	id, err := r.sessionID()
	if err != nil {
		return nil, err
	}
	sess, err := r.s.sessions.enter(id)
	if err != nil {
		return nil, err
	}
	sess.mu.Lock()
	finished := false
	r.done = append(r.done, func() {
		if !finished {
			r.s.abortTx(sess) // the command panicked
		}
		sess.mu.Unlock()
		r.s.sessions.leave(sess)
	})
	r.sess = sess
	var b *bsonraw.Builder
	if auto, ok := r.args["autocommit"]; ok {
		if v, ok := auto.BooleanOK(); !ok || v {
			err = mongoerr.New(mongoerr.InvalidOptions, "autocommit must be false")
		} else {
			b, err = r.transact(h, number)
		}
	} else if err = r.refuseSnapshot(h); err == nil {
		b, err = r.retryable(h, number)
	}
	finished = true
	return b, err
}

func (r *request) tooOld(number int64) error {
	return mongoerr.New(
		mongoerr.TransactionTooOld,
		"Cannot start transaction %d on session because a newer transaction %d has already started",
		number,
		r.sess.number,
	)
}

// retryable runs a write outside a transaction that the client may repeat.
func (r *request) retryable(h handler, number int64) (*bsonraw.Builder, error) {
	if !h.write {
		return nil, mongoerr.New(
			50768,
			"txnNumber may only be provided for multi-document transactions and retryable write commands",
		)
	}
	s := r.sess
	switch {
	case number < s.number:
		return nil, r.tooOld(number)
	case number > s.number:
		r.s.abortTx(s)
		s.fresh = s.number >= 0
		s.number, s.state = number, noTx
	case s.state != noTx:
		return nil, mongoerr.New(
			mongoerr.IncompleteTransactionHistory,
			"transaction number %d was used for a transaction",
			number,
		)
	default:
		s.fresh = false
	}
	return h.run(r)
}

func noSuchTransaction(number int64, state string) error {
	return mongoerr.New(mongoerr.NoSuchTransaction,
		"Given transaction number %d does not match any in-progress transactions. %s", number, state).
		WithLabel(mongoerr.Transient)
}

func errCommitted(number int64) error {
	return mongoerr.New(mongoerr.TransactionCommitted, "Transaction %d has been committed", number)
}

// ends reports whether the command ends a transaction.
func (r *request) ends() bool { return r.name == "commitTransaction" || r.name == "abortTransaction" }

// transact runs a command inside a multi-statement transaction.
func (r *request) transact(h handler, number int64) (*bsonraw.Builder, error) {
	if !h.inTx {
		return nil, mongoerr.New(mongoerr.NotInTransaction, "Cannot run '%s' in a multi-document transaction.", r.name)
	}
	s := r.sess
	if number < s.number {
		return nil, r.tooOld(number)
	}
	if s.term != r.s.term.Load() {
		r.s.abortTx(s)
	}
	ending := r.ends()
	start, first := r.args["startTransaction"]
	if err := r.checkConcernsInTx(first, ending); err != nil {
		return nil, err
	}
	if first {
		if v, ok := start.BooleanOK(); !ok || !v || ending {
			return nil, mongoerr.New(mongoerr.InvalidOptions, "invalid startTransaction for %s", r.name)
		}
		if err := r.begin(number); err != nil {
			return nil, err
		}
	} else if ending {
		return r.end(number)
	} else if number == s.number && s.state == txCommitted {
		return nil, errCommitted(number)
	} else if number != s.number || s.state != txOpen {
		return nil, noSuchTransaction(number, "")
	}
	if time.Since(s.began) > txLifetime {
		r.s.abortTx(s)
		return nil, noSuchTransaction(number, "Transaction exceeded its lifetime.")
	}
	s.conn, s.lost, r.tx = r.conn, time.Time{}, s.tx
	b, err := h.run(r)
	for mongoerr.Is(err, mongoerr.WriteConflict) && r.tx.Restart() {
		b, err = h.run(r)
	}
	r.tx.EndStatement()
	if err != nil {
		r.s.abortTx(s)
		if e := mongoerr.As(err); e.Code == mongoerr.WriteConflict {
			return nil, e.WithLabel(mongoerr.Transient)
		}
	} else if r.endsTx {
		r.s.abortTx(s)
	}
	return b, err
}

func (r *request) begin(number int64) error {
	s := r.sess
	if number == s.number {
		return mongoerr.New(mongoerr.OperationInProgress, "transaction number %d is already in use", number)
	}
	r.s.abortTx(s)
	s.number, s.state, s.fresh = number, txOpen, false
	s.tx, s.began, s.term = r.s.engine.Begin(), time.Now(), r.s.term.Load()
	return nil
}

// end commits or aborts. A commit that succeeded before succeeds again.
func (r *request) end(number int64) (*bsonraw.Builder, error) {
	s := r.sess
	if number == s.number && s.state == txOpen && s.tx != nil {
		tx := s.tx
		r.s.cursors.closeIf(func(c *cursor) bool { return c.tx == tx })
		if r.name == "abortTransaction" {
			s.abort()
			return bsonraw.NewBuilder(), nil
		}
		return r.commit(tx)
	}
	committed := number == s.number && s.state == txCommitted
	if !committed && number > s.number {
		recorded, err := r.s.recorded(s.id, number, commitStatement)
		if err != nil {
			return nil, err
		}
		if committed = recorded != nil; committed {
			s.number, s.state = number, txCommitted
		}
	}
	switch {
	case !committed:
		return nil, noSuchTransaction(number, "")
	case r.name == "abortTransaction":
		return nil, errCommitted(number)
	}
	return bsonraw.NewBuilder(), r.sync()
}

func (r *request) commit(tx *store.Tx) (*bsonraw.Builder, error) {
	s := r.sess
	if tx.Wrote() {
		r.record(tx, commitStatement, bsonraw.NewBuilder().Build())
	}
	err := tx.Commit()
	s.end(txCommitted)
	if err != nil {
		s.state = txAborted
		if e := mongoerr.As(err); e.Code == mongoerr.WriteConflict {
			return nil, e.WithLabel(mongoerr.Transient)
		}
		return nil, err
	}
	return bsonraw.NewBuilder(), r.sync()
}
