package command

import (
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxStepDown bounds for how long a server lets nobody write.
const maxStepDown = time.Hour

// primary says whether the server takes writes. One that has stepped down is a
// secondary for a while, as a member of a replica set is that another one has
// been elected in place of, and then takes writes again.
func (s *Server) primary() bool { return time.Now().UnixNano() >= s.secondaryUntil.Load() }

// stepDown answers replSetStepDown: SECONDS. Open transactions are aborted.
// MongoDB wants force where there is no other member; here it is implied.
func stepDown(r *request) (*bsonraw.Builder, error) {
	n, given, err := r.number(r.name)
	if err != nil {
		return nil, err
	}
	most := time.Duration(n) * time.Second
	if !given || n == 0 || n > int64(maxStepDown/time.Second) {
		return nil, mongoerr.New(mongoerr.BadValue, "stepdown period must be 1 to %d seconds", maxStepDown/time.Second)
	}
	r.s.secondaryUntil.Store(time.Now().Add(most).UnixNano())
	r.s.term.Add(1) // also ends the transactions of sessions that run a command just now
	r.s.sessions.each(func(s *session) bool {
		r.s.abortTx(s)
		return false
	})
	return bsonraw.NewBuilder(), nil
}

// stepUp answers replSetStepUp: the server is the primary again at once.
func stepUp(r *request) (*bsonraw.Builder, error) {
	r.s.secondaryUntil.Store(0)
	return bsonraw.NewBuilder(), nil
}

// refuseAsSecondary gives the error of a command that only a primary runs,
// with the labels by which drivers know that it is worth another try.
func (r *request) refuseAsSecondary(h handler) error {
	if h.anywhere || r.s.primary() {
		return nil
	}
	_, numbered := r.args["txnNumber"]
	_, inTx := r.args["autocommit"]
	e := mongoerr.New(mongoerr.NotWritablePrimary, "not primary")
	switch {
	case inTx && r.name != "commitTransaction" && r.name != "abortTransaction":
		return e.WithLabel(mongoerr.Transient)
	case numbered:
		return e.WithLabel(mongoerr.RetryableWrite)
	case !h.read:
		return e
	case elsewhere(r.args["$readPreference"]):
		return nil
	}
	return mongoerr.New(mongoerr.NotPrimaryNoSecondaryOk, "not primary and secondaryOk=false")
}

// elsewhere says whether a read preference lets a secondary answer.
func elsewhere(preference bsoncore.Value) bool {
	if preference.Type != bsoncore.TypeEmbeddedDocument {
		return false
	}
	mode, _ := bsonraw.Lookup(preference.Data, "mode")
	s, ok := mode.StringValueOK()
	return ok && s != "primary"
}
