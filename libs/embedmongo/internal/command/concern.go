package command

import (
	"context"
	"slices"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// writeConcern is what the client waits for.
type writeConcern struct {
	volatile bool              // not for durability
	failure  bsoncore.Document // a writeConcernError for the response: the write is done, but not as was required
}

// unmet makes the writeConcernError of a write concern that can't be met.
func unmet(code mongoerr.Code, format string, args ...any) bsoncore.Document {
	e := mongoerr.New(code, format, args...)
	return bsonraw.NewBuilder().Int32("code", int32(code)).String("codeName", code.Name()).String("errmsg", e.Msg).Build()
}

func (r *request) parseConcerns() error {
	if v, ok := r.args["writeConcern"]; ok {
		if err := r.wc.parse(v); err != nil {
			return err
		}
	}
	if v, ok := r.args["readConcern"]; ok {
		if err := checkReadConcern(v); err != nil {
			return err
		}
	}
	if v, ok := r.args["maxTimeMS"]; ok {
		n, ok := bsonraw.Int64(v)
		if !ok || n < 0 {
			return mongoerr.New(mongoerr.BadValue, "maxTimeMS must be a non-negative integer")
		}
		if n > 0 && r.name != "getMore" {
			var cancel context.CancelFunc
			r.ctx, cancel = context.WithTimeout(r.ctx, time.Duration(n)*time.Millisecond)
			r.done = append(r.done, cancel)
		}
	}
	return nil
}

func (wc *writeConcern) parse(v bsoncore.Value) error {
	it := bsonraw.NewIter(v.Data)
	for it.Next() {
		switch name := string(it.Key); name {
		case "w":
			if n, ok := bsonraw.Int64(it.Value); ok {
				if n > 1 {
					wc.failure = unmet(mongoerr.UnsatisfiableWriteConcern, "Not enough data-bearing nodes")
				}
				wc.volatile = wc.volatile || n == 0
			} else if s, _ := it.Value.StringValueOK(); s != "majority" {
				wc.failure = unmet(mongoerr.UnknownReplWriteConcern,
					"No write concern mode named '%s' found in replica set configuration", s)
			}
		case "j", "fsync":
			wc.volatile = wc.volatile || !bsonraw.Truthy(it.Value)
		case "wtimeout", "provenance":
		default:
			return mongoerr.New(mongoerr.FailedToParse, "unknown write concern field '%s'", name)
		}
	}
	return nil
}

// checkReadConcern refuses what no read can do. Every read sees the latest state, and so everything before any
// afterClusterTime that this server has responded with.
func checkReadConcern(v bsoncore.Value) error {
	it := bsonraw.NewIter(v.Data)
	for it.Next() {
		switch name := string(it.Key); name {
		case "level":
			s, _ := it.Value.StringValueOK()
			if !slices.Contains([]string{"local", "available", "majority", "snapshot", "linearizable"}, s) {
				return mongoerr.New(mongoerr.FailedToParse, "unknown read concern level '%s'", s)
			}
		case "afterClusterTime":
			if it.Value.Type != bsoncore.TypeTimestamp {
				return mongoerr.New(mongoerr.TypeMismatch, "afterClusterTime must be a timestamp, not %s", it.Value.Type)
			}
		case "provenance":
		default:
			return mongoerr.New(mongoerr.NotImplemented, "'readConcern.%s' is not supported", name)
		}
	}
	return nil
}

// refuseSnapshot refuses the read concern snapshot outside of a transaction: every read there sees the latest state.
func (r *request) refuseSnapshot(h handler) error {
	level, _ := bsonraw.Lookup(r.args["readConcern"].Data, "level")
	if s, _ := level.StringValueOK(); s != "snapshot" {
		return nil
	}
	if h.read {
		return mongoerr.New(mongoerr.NotImplemented, "readConcern snapshot is not supported outside of a transaction")
	}
	return mongoerr.New(mongoerr.InvalidOptions, "Command %s does not support readConcern snapshot", r.name)
}

// checkConcernsInTx refuses a write concern anywhere but at the end of a transaction, and a read concern anywhere but
// at its beginning.
func (r *request) checkConcernsInTx(first, ending bool) error {
	if _, ok := r.args["writeConcern"]; ok && !ending {
		return mongoerr.New(mongoerr.InvalidOptions, "writeConcern is not allowed within a multi-statement transaction")
	}
	concern, ok := r.args["readConcern"]
	if !ok {
		return nil
	}
	if !first {
		return mongoerr.New(mongoerr.InvalidOptions,
			"During a multi-document transaction only the first command may specify a readConcern")
	}
	level, _ := bsonraw.Lookup(concern.Data, "level")
	if s, _ := level.StringValueOK(); s == "linearizable" || s == "available" {
		return mongoerr.New(mongoerr.InvalidOptions,
			"The readConcern level must be local, majority or snapshot in a transaction, not %s", s)
	}
	return nil
}
