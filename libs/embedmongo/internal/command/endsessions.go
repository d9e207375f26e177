package command

import "fivechat.dev/libs/embedmongo/internal/bsonraw"

func commitTransaction(*request) (*bsonraw.Builder, error) { return bsonraw.NewBuilder(), nil }

func abortTransaction(*request) (*bsonraw.Builder, error) { return bsonraw.NewBuilder(), nil }

func endSessions(r *request) (*bsonraw.Builder, error) {
	ended := map[string]bool{}
	for _, e := range bsonraw.Elements(r.args["endSessions"].Data) {
		id, _ := bsonraw.Lookup(e.Data, "id")
		if _, data, ok := id.BinaryOK(); ok {
			ended[string(data)] = true
		}
	}
	r.s.sessions.each(func(s *session) bool {
		if ended[string(s.id)] {
			r.s.abortTx(s)
		}
		return ended[string(s.id)]
	})
	return bsonraw.NewBuilder(), nil
}

// killAllSessions aborts all transactions and closes all cursors. It ignores the list of users, since there is one.
func killAllSessions(r *request) (*bsonraw.Builder, error) {
	r.s.sessions.each(func(s *session) bool {
		r.s.abortTx(s)
		return true
	})
	r.s.cursors.closeAll()
	return bsonraw.NewBuilder(), nil
}
