package command

import (
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxStepDown bounds how long a server refuses writes after a step-down.
const maxStepDown = time.Hour

// primary reports whether the server accepts writes. After a step-down it is a secondary for some time, like a member
// of a replica set after an election of another member. Then it accepts writes again.
func (s *Server) primary() bool { return time.Now().UnixNano() >= s.secondaryUntil.Load() }

// stepDown handles replSetStepDown: SECONDS. It aborts open transactions. MongoDB requires force if there is no other
// member; here force is implied.
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
	r.s.term.Add(1) // also ends transactions of sessions that are executing a command
	r.s.sessions.each(func(s *session) bool {
		r.s.abortTx(s)
		return false
	})
	return bsonraw.NewBuilder(), nil
}

// stepUp handles replSetStepUp: the server is the primary again at once.
func stepUp(r *request) (*bsonraw.Builder, error) {
	r.s.secondaryUntil.Store(0)
	return bsonraw.NewBuilder(), nil
}

// refuseAsSecondary returns the error of a command that only a primary executes, with the labels that make drivers
// retry.
func (r *request) refuseAsSecondary(h handler) error {
	if h.anywhere || r.s.primary() {
		return nil
	}
	e := mongoerr.New(mongoerr.NotWritablePrimary, "not primary")
	e.Labels = r.labels(e.Code)
	switch {
	case len(e.Labels) > 0 || !h.read:
		return e
	case elsewhere(r.args["$readPreference"]):
		return nil
	}
	return mongoerr.New(mongoerr.NotPrimaryNoSecondaryOk, "not primary and secondaryOk=false")
}

// elsewhere reports whether a read preference allows a secondary.
func elsewhere(preference bsoncore.Value) bool {
	if preference.Type != bsoncore.TypeEmbeddedDocument {
		return false
	}
	mode, _ := bsonraw.Lookup(preference.Data, "mode")
	s, ok := mode.StringValueOK()
	return ok && s != "primary"
}
