// Package command executes MongoDB commands: it reads their fields, runs them on the store with sessions, transactions
// and cursors, and builds responses.
package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/store"
	"fivechat.dev/libs/embedmongo/internal/wire"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

type ctx = context.Context

// Config is what a server is started with.
type Config struct {
	// Addr is the address that it reports to clients.
	Addr string
	// Auth checks credentials; nil means no authentication.
	Auth *Authenticator
	// PurgeAfter is the delay of a purge.
	PurgeAfter time.Duration
	// FailPoints allows configureFailPoint.
	FailPoints bool
	// QueryLog is called with each query when its last document has been read; nil means none.
	QueryLog func(ExecutedQuery)
}

// Server executes the commands of all connections.
type Server struct {
	Config
	engine    *store.Engine
	log       *slog.Logger
	cursors   cursorTable
	sessions  sessionTable
	failPoint failPoint
	clock     clock
	nextConn  atomic.Int32
	stop      chan struct{}
	done      sync.WaitGroup

	secondaryUntil atomic.Int64 // nanoseconds since 1970; in the past while it is the primary
	term           atomic.Int64 // the number of step-downs
}

// Conn is the state of one client connection.
type Conn struct {
	s    *Server
	id   int32
	room []byte // a buffer for the documents of a response, reused by each command

	appName       string // the client's, by its first hello
	authenticated bool
	conversation  *conversation // nil unless an authentication is in progress
}

// maxRoom bounds the buffer that a connection keeps for its responses.
const maxRoom = 256 << 10

// New returns a server over an open engine.
func New(e *store.Engine, log *slog.Logger, c Config) *Server {
	s := &Server{Config: c, engine: e, log: log, stop: make(chan struct{})}
	s.cursors.open = map[int64]*cursor{}
	s.sessions.byID = map[string]*session{}
	s.done.Add(1)
	go s.maintain()
	return s
}

// Close ends all cursors and transactions.
func (s *Server) Close() {
	close(s.stop)
	s.done.Wait()
	s.cursors.closeAll()
	s.sessions.closeAll()
}

// Connect returns the state of a new connection.
func (s *Server) Connect() *Conn { return &Conn{s: s, id: s.nextConn.Add(1)} }

// Close ends the connection. If the last statement of a transaction came from it, the transaction is aborted soon,
// unless the client continues it.
func (c *Conn) Close() { c.s.sessions.lose(c) }

// request is one command that is being executed.
type request struct {
	ctx  context.Context
	s    *Server
	conn *Conn
	msg  *wire.Message
	name string
	db   string
	args map[string]bsoncore.Value
	sess *session  // if the command has a transaction number
	tx   *store.Tx // inside a multi-statement transaction
	wc   writeConcern
	done []func() // run when the request ends
	// endsTx marks a statement that has a normal response but ends its transaction.
	endsTx bool
	inRoom bool // the response is in the connection's buffer
}

type handler struct {
	run    func(*request) (*bsonraw.Builder, error)
	fields string // the command's own fields, besides its name
	// inTx allows the command in a transaction. write marks commands that change documents, read those that a
	// secondary executes if the read preference allows it, and anywhere those that every member executes.
	inTx, write, read, anywhere bool
	public                      bool // needs no authentication
	testing                     bool // exists only if fail points are allowed
}

var handlers map[string]handler

// commonFields may occur in every command.
var commonFields = map[string]bool{
	"$db": true, "lsid": true, "txnNumber": true, "startTransaction": true,
	"autocommit": true, "$clusterTime": true, "$readPreference": true, "writeConcern": true, "readConcern": true,
	"maxTimeMS": true, "comment": true, "apiVersion": true, "apiStrict": true, "apiDeprecationErrors": true,
}

// Handle executes one message and returns the response, which is valid until the next call. A nil response means that
// the connection must be closed. Handle never panics.
func (c *Conn) Handle(ctx context.Context, m *wire.Message) (reply bsoncore.Document) {
	r := &request{ctx: ctx, s: c.s, conn: c, msg: m}
	defer func() {
		for _, f := range r.done {
			f()
		}
		if p := recover(); p != nil {
			c.s.log.Error("command panicked", "command", r.name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			reply = r.failed(mongoerr.New(mongoerr.InternalError, "internal error: %v", p))
		}
	}()
	h, err := r.parse()
	if err != nil {
		return r.failed(err)
	}
	fail := r.fails(h)
	if err = fail.before(r); errors.Is(err, errHangUp) {
		return nil
	}
	if err = cmp.Or(err, r.refuseAsSecondary(h)); err != nil {
		return r.failed(err)
	}
	b, err := r.execute(h)
	if err != nil {
		return r.failed(err)
	}
	fail.after(r, h, b)
	if r.wc.failure != nil && h.waitsForWriteConcern() {
		b.Doc("writeConcernError", r.wc.failure)
	}
	at := r.s.clock.now()
	if h.waitsForWriteConcern() {
		at = r.s.clock.tick()
	}
	r.appendTimes(b.Double("ok", 1), at)
	reply = b.Build()
	if r.inRoom && cap(reply) <= maxRoom {
		c.room = reply
	}
	return reply
}

func (r *request) parse() (handler, error) {
	if r.msg.Refusal != nil {
		return handler{}, r.msg.Refusal
	}
	if err := bsonraw.Validate(r.msg.Command); err != nil {
		return handler{}, err
	}
	for _, docs := range r.msg.Sequences {
		for _, d := range docs {
			if err := bsonraw.Validate(d); err != nil {
				return handler{}, err
			}
		}
	}
	it := bsonraw.NewIter(r.msg.Command)
	if !it.Next() {
		return handler{}, mongoerr.New(mongoerr.BadValue, "empty command")
	}
	r.name = string(it.Key)
	h, ok := handlers[r.name]
	if !r.conn.mayRun(h) {
		return h, mongoerr.New(mongoerr.Unauthorized, "Command %s requires authentication", r.name)
	}
	if h.testing && !r.s.FailPoints {
		ok = false
	}
	if !ok || r.msg.Legacy && !strings.EqualFold(r.name, "ismaster") && r.name != "hello" {
		return h, mongoerr.New(mongoerr.CommandNotFound, "no such command: '%s'", r.name)
	}
	r.args = map[string]bsoncore.Value{r.name: it.Value}
	for it.Next() {
		key := string(it.Key)
		if h.fields != "*" && !commonFields[key] && !fieldOf(h.fields, key) {
			if notImplemented[key] {
				if on, isBool := it.Value.BooleanOK(); isBool && !on {
					continue // some clients spell the defaults out
				}
				return h, mongoerr.New(mongoerr.NotImplemented, "'%s.%s' is not supported", r.name, key)
			}
			return h, mongoerr.New(mongoerr.UnknownField, "BSON field '%s.%s' is an unknown field.", r.name, key)
		}
		if _, twice := r.args[key]; twice {
			return h, mongoerr.New(40413, "BSON field '%s.%s' is a duplicate field", r.name, key)
		}
		r.args[key] = it.Value
	}
	for key := range r.msg.Sequences {
		if !fieldOf(h.fields, key) {
			return h, mongoerr.New(mongoerr.UnknownField, "BSON field '%s.%s' is an unknown field.", r.name, key)
		}
	}
	r.db = r.args["$db"].String()
	if s, ok := r.args["$db"].StringValueOK(); ok {
		r.db = s
	} else if !r.msg.Legacy {
		return h, mongoerr.New(40571, "OP_MSG requests require a $db argument")
	}
	return h, r.parseConcerns()
}

// fieldOf reports whether a space-separated list names a field.
func fieldOf(fields, name string) bool {
	for f := range strings.FieldsSeq(fields) {
		if f == name {
			return true
		}
	}
	return false
}

func (r *request) failed(err error) bsoncore.Document {
	e := mongoerr.As(err)
	b := bsonraw.NewBuilder().Double("ok", 0).String("errmsg", e.Msg).
		Int32("code", int32(e.Code)).String("codeName", e.Code.Name())
	if e.KeyPattern != nil {
		b.Doc("keyPattern", e.KeyPattern).Doc("keyValue", e.KeyValue)
	}
	if len(e.Labels) > 0 {
		b.Values("errorLabels", stringValues(e.Labels))
	}
	r.appendTimes(b, r.s.clock.now())
	return b.Build()
}

func stringValues(list []string) []bsoncore.Value {
	out := make([]bsoncore.Value, len(list))
	for i, s := range list {
		out[i] = bsoncore.Value{Type: bsoncore.TypeString, Data: bsoncore.AppendString(nil, s)}
	}
	return out
}

// namespace returns the collection that the command uses.
func (r *request) namespace() (string, error) {
	name, ok := r.args[r.name].StringValueOK()
	if !ok || name == "" {
		return "", mongoerr.New(mongoerr.InvalidNamespace, "collection name has invalid type %s", r.args[r.name].Type)
	}
	return r.db + "." + name, nil
}

// document reads a field that holds a document; nil when it is absent.
func (r *request) document(field string) (bsoncore.Document, error) {
	v, ok := r.args[field]
	if !ok || v.Type == bsoncore.TypeNull {
		return nil, nil
	}
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return nil, mongoerr.New(
			mongoerr.TypeMismatch,
			"BSON field '%s.%s' is the wrong type '%s', expected type 'object'",
			r.name,
			field,
			v.Type,
		)
	}
	return v.Data, nil
}

// number reads a field that holds a non-negative whole number.
func (r *request) number(field string) (n int64, given bool, err error) {
	v, ok := r.args[field]
	if !ok || v.Type == bsoncore.TypeNull {
		return 0, false, nil
	}
	n, ok = bsonraw.Int64(v)
	if !ok {
		return 0, false, mongoerr.New(
			mongoerr.TypeMismatch,
			"BSON field '%s.%s' is the wrong type '%s', expected a whole number",
			r.name,
			field,
			v.Type,
		)
	}
	if n < 0 {
		return 0, false, mongoerr.New(51024, "BSON field '%s' value must be >= 0, actual value '%d'", field, n)
	}
	return n, true, nil
}

// documents reads a list of documents from a sequence or an array field.
func (r *request) documents(field string) ([]bsoncore.Document, error) {
	if list, ok := r.msg.Sequences[field]; ok {
		return list, nil
	}
	v, ok := r.args[field]
	if !ok || v.Type != bsoncore.TypeArray {
		return nil, mongoerr.New(
			mongoerr.UnknownField-1,
			"BSON field '%s.%s' is missing but a required field",
			r.name,
			field,
		)
	}
	var list []bsoncore.Document
	for _, e := range bsonraw.Elements(v.Data) {
		if e.Type != bsoncore.TypeEmbeddedDocument {
			return nil, mongoerr.New(mongoerr.TypeMismatch, "BSON field '%s.%s' must hold objects", r.name, field)
		}
		list = append(list, e.Data)
	}
	return list, nil
}
