package command

import (
	"errors"
	"slices"
	"sync"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxBlock bounds how long a fail point delays a command.
const maxBlock = time.Minute

// errHangUp ends a connection without a response.
var errHangUp = errors.New("fail point: close the connection")

// failPoint is the state of failCommand, the only fail point. It makes named commands fail, so that a test shows how
// a client reacts.
type failPoint struct {
	mu      sync.Mutex
	next    *failure
	left    int64 // how many commands fail; negative means all
	entered int64 // how many commands have failed since the start
}

// failure is what happens to a command. The fields are independent of each other.
type failure struct {
	commands []string
	appName  string // of the clients that it happens to; "" means all
	block    time.Duration
	hangUp   bool              // close the connection; the command isn't executed
	code     mongoerr.Code     // the command's error; it isn't executed. 0 means none
	concern  bsoncore.Document // a writeConcernError beside the command's own response; nil means none
	labels   []string          // instead of those that the code has; nil means the code's own
}

// configureFailPoint handles {configureFailPoint: "failCommand", mode: …, data: {…}}. The response has the number of
// commands that have failed so far.
func configureFailPoint(r *request) (*bsonraw.Builder, error) {
	if name, _ := r.args[r.name].StringValueOK(); name != "failCommand" {
		return nil, mongoerr.New(mongoerr.FailPointSetFailed, "%s not found", r.args[r.name])
	}
	if r.db != "admin" {
		return nil, mongoerr.New(mongoerr.Unauthorized, "%s may only be run against the admin database.", r.name)
	}
	left, err := failPointMode(r.args["mode"])
	if err != nil {
		return nil, err
	}
	data, err := r.document("data")
	if err != nil {
		return nil, err
	}
	f, err := parseFailure(data)
	if err != nil {
		return nil, err
	}
	p := &r.s.failPoint
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next, p.left = f, left
	return bsonraw.NewBuilder().Int64("count", p.entered), nil
}

// failPointMode returns how many commands fail: none, a number, or all (-1).
func failPointMode(mode bsoncore.Value) (int64, error) {
	if s, ok := mode.StringValueOK(); ok {
		switch s {
		case "off":
			return 0, nil
		case "alwaysOn":
			return -1, nil
		}
	}
	if mode.Type == bsoncore.TypeEmbeddedDocument {
		it := bsonraw.NewIter(mode.Data)
		if it.Next() && string(it.Key) == "times" {
			if n, ok := bsonraw.Int64(it.Value); ok && n >= 0 && !it.Next() {
				return n, nil
			}
		}
	}
	return 0, mongoerr.New(mongoerr.BadValue, "a fail point's mode is 'off', 'alwaysOn' or {times: n}")
}

func parseFailure(data bsoncore.Document) (*failure, error) {
	f := &failure{}
	blocks, blockTime := false, int64(0)
	it := bsonraw.NewIter(data)
	for it.Next() {
		ok, v := true, it.Value
		switch string(it.Key) {
		case "failCommands":
			f.commands, ok = stringsOf(v)
		case "appName":
			f.appName, ok = v.StringValueOK()
		case "closeConnection":
			f.hangUp = bsonraw.Truthy(v)
		case "blockConnection":
			blocks = bsonraw.Truthy(v)
		case "blockTimeMS":
			blockTime, ok = bsonraw.Int64(v)
			ok = ok && blockTime >= 0 && blockTime <= maxBlock.Milliseconds()
		case "errorCode":
			var code int64
			code, ok = bsonraw.Int64(v)
			f.code = mongoerr.Code(code)
			ok = ok && int64(f.code) == code
		case "errorLabels":
			f.labels, ok = stringsOf(v)
		case "writeConcernError":
			f.concern, ok = v.DocumentOK()
		case "failInternalCommands": // there are none
		default:
			return nil, mongoerr.New(mongoerr.NotImplemented, "'data.%s' of a fail point is not supported", it.Key)
		}
		if !ok {
			return nil, mongoerr.New(mongoerr.BadValue, "invalid 'data.%s' of a fail point: %s", it.Key, v)
		}
	}
	if blocks {
		f.block = time.Duration(blockTime) * time.Millisecond
	}
	return f, nil
}

// stringsOf returns the elements of an array of strings, never nil.
func stringsOf(v bsoncore.Value) ([]string, bool) {
	out := []string{}
	for _, e := range bsonraw.Elements(v.Data) {
		s, ok := e.StringValueOK()
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, v.Type == bsoncore.TypeArray
}

// fails returns what happens to the command beside its execution, nil for most.
func (r *request) fails(h handler) *failure {
	if !r.s.FailPoints {
		return nil
	}
	p := &r.s.failPoint
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 || !p.next.concerns(r, h) {
		return nil
	}
	p.entered++
	if p.left > 0 {
		p.left--
	}
	return p.next
}

func (f *failure) concerns(r *request, h handler) bool {
	if !slices.Contains(f.commands, r.name) || f.appName != "" && f.appName != r.conn.appName {
		return false
	}
	return f.block > 0 || f.hangUp || f.code != 0 || f.concern != nil && h.waitsForWriteConcern()
}

// waitsForWriteConcern reports whether the command's response can have a writeConcernError.
func (h handler) waitsForWriteConcern() bool { return !h.read && !h.anywhere }

// before delays the command, and returns the error that it ends with instead of being executed.
func (f *failure) before(r *request) error {
	if f == nil {
		return nil
	}
	if f.block > 0 {
		timer := time.NewTimer(f.block)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.ctx.Done():
			return mongoerr.New(mongoerr.MaxTimeMSExpired, "operation exceeded time limit")
		}
	}
	if f.hangUp {
		return errHangUp
	}
	if f.code == 0 {
		return nil
	}
	e := mongoerr.New(f.code, "Failing command via 'failCommand' failpoint")
	e.Labels = f.labels
	if e.Labels == nil {
		e.Labels = r.labels(f.code)
	}
	return e
}

// after adds a writeConcernError to the response of a command that was executed.
func (f *failure) after(r *request, h handler, b *bsonraw.Builder) {
	if f == nil || f.concern == nil || !h.waitsForWriteConcern() {
		return
	}
	r.wc.failure = f.concern
	labels := f.labels
	_, inTx := r.args["autocommit"]
	if labels == nil && (!inTx || r.ends()) {
		code, _ := bsonraw.Lookup(f.concern, "code")
		n, _ := bsonraw.Int64(code)
		labels = r.labels(mongoerr.Code(n))
	}
	if len(labels) > 0 {
		b.Values("errorLabels", stringValues(labels))
	}
}

// labels returns the labels of an error with this code, which make drivers retry.
func (r *request) labels(code mongoerr.Code) []string {
	_, numbered := r.args["txnNumber"]
	_, inTx := r.args["autocommit"]
	ending := r.ends()
	switch {
	case inTx && (code.Conflicts() || !ending && code.Retryable()):
		return []string{mongoerr.Transient}
	case numbered && code.Retryable() && (!inTx || ending):
		return []string{mongoerr.RetryableWrite}
	}
	return nil
}
