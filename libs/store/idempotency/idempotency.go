// Package idempotency keeps the answers of requests that carry an Idempotency-Key, so that a client whose answer was
// lost on the way can send the request again. A request is reserved before its work; the reservation is marked in the
// transaction that carries the work out, and gets the answer afterwards. So where a process ends in between, whoever asks
// again either does the work for the first time or learns that it was done, and never does it twice.
//
// What an operation writes outside of a transaction is not covered: it must be harmless when it is repeated.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	kept         = 24 * time.Hour  // how long a request is remembered
	reservedFor  = time.Minute     // lifetime of the reservation of an unfinished request: four times its deadline
	maxAnswer    = 256 << 10       // bytes of a body that is kept
	settleWithin = 2 * time.Second // to store how a request ended, also where its client went away
	tries        = 3               // to reserve what others reserve and release at the same time
)

// row is a request that was sent.
type row struct {
	ID      string    `bson:"_id"` // a hash of whose it is and of its key
	Website tenant.ID `bson:"websiteId"`
	Content string    `bson:"content"`
	At      time.Time `bson:"at"`
	Holder  string    `bson:"holder"` // who carries it out
	Until   time.Time `bson:"until"`  // and how long nobody else may
	Done    bool      `bson:"done"`   // it has been carried out, or refused for good
	Answer  *answer   `bson:"answer,omitempty"`
}

type answer struct {
	Status int         `bson:"status"`
	Header http.Header `bson:"header"`
	Body   []byte      `bson:"body"`
}

// Store implements httpkit.IdempotencyStore for one service.
type Store struct {
	rows    *mongokit.Collection[row]
	tele    *telemetry.Telemetry
	results *prometheus.CounterVec
	now     func() time.Time
}

// New declares a service's requests, kept in service+"_idempotency".
func New(db *mongokit.DB, t *telemetry.Telemetry, now func() time.Time) *Store {
	name := t.Component + "_idempotency"
	// An index that removes rows has the date alone.
	mongokit.GlobalOf[row](db, name, "request", mongokit.Index{Keys: bson.D{{Key: "at", Value: 1}}, TTL: kept})
	s := &Store{
		rows: mongokit.Tenanted[row](db, name, "request", mongokit.Index{Keys: bson.D{{Key: "_id", Value: 1}}}).Spread("_id"),
		tele: t, now: now,
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_idempotency_total",
			Help: "Requests with an Idempotency-Key: answered anew and stored, released, too large or unkept; or replayed; or refused as a conflict, running or lost.",
		}, []string{"result"}),
	}
	for _, result := range []string{"stored", "released", "too_large", "unkept", "replayed", "conflict", "running", "lost"} {
		s.results.WithLabelValues(result) // so that the first of each counts in a rate
	}
	t.Registry.MustRegister(s.results)
	return s
}

// Execute implements httpkit.IdempotencyStore.
func (s *Store) Execute(ctx context.Context, a httpkit.Attempt, work func(context.Context) httpkit.Response) (httpkit.Response, bool, error) {
	r, err := s.reserve(ctx, a)
	if err != nil {
		return httpkit.Response{}, false, err
	}
	if r.Answer != nil {
		s.results.WithLabelValues("replayed").Inc()
		return httpkit.Response(*r.Answer), true, nil
	}
	given := work(mongokit.BeforeCommit(ctx, func(ctx context.Context) error { return s.mark(ctx, r) }))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	result, err := s.settle(ctx, r, given)
	if err != nil {
		result = "unkept"
		s.tele.Log.WarnContext(ctx, "an answer was not kept for who asks again", "error", err)
	}
	s.results.WithLabelValues(result).Inc()
	return given, false, nil
}

// reserve gives the request as it was answered before, or one that is now the caller's to carry out.
func (s *Store) reserve(ctx context.Context, a httpkit.Attempt) (row, error) {
	now := s.now()
	mine := row{
		ID: idOf(a), Website: a.Caller.Website, Content: hex.EncodeToString(a.Content[:]), At: now, Holder: uuid.NewString(), Until: now.Add(reservedFor),
	}
	for range tries {
		err := s.rows.Insert(ctx, mine.Website, mine)
		if !mongokit.IsDuplicate(err) {
			return mine, err
		}
		there, err := s.rows.Get(ctx, mine.Website, bson.D{{Key: "_id", Value: mine.ID}})
		switch {
		case fault.Is(err, fault.NotFound): // released just now
			continue
		case err != nil:
			return row{}, err
		case there.Content != mine.Content:
			return row{}, s.refused("conflict", fault.Coded(fault.Unprocessable, "idempotency_key_reused", "this Idempotency-Key was sent with another request"))
		case there.Answer != nil:
			return there, nil
		case there.Until.After(now):
			return row{}, s.refused("running", running())
		case there.Done:
			return row{}, s.refused("lost", fault.Coded(fault.Conflict, "idempotency_answer_lost", "the request was carried out, and its answer is not known"))
		}
		taken, err := s.rows.Update(ctx, mine.Website, heldBy(there, bson.E{Key: "done", Value: false}),
			bson.D{{Key: "$set", Value: bson.D{{Key: "holder", Value: mine.Holder}, {Key: "until", Value: mine.Until}}}})
		if err != nil || taken {
			return mine, err
		}
	}
	return row{}, s.refused("running", running())
}

func (s *Store) refused(result string, err error) error {
	s.results.WithLabelValues(result).Inc()
	return err
}

func running() error {
	err := fault.Coded(fault.Conflict, "idempotency_in_progress", "the request is under way, try again shortly")
	err.RetryAfter = time.Second
	return err
}

// eraseRows is how many rows are removed at once.
const eraseRows = 1_000

// Erase implements datasubject.Eraser. With a website, its requests go. A visitor is named in the answers to others' requests
// too, so all of the website's answers go; the requests stay, so that none is carried out twice.
func (s *Store) Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	if visitor == 0 {
		n, err := s.rows.DeleteSome(ctx, t, nil, eraseRows)
		return n > 0, err
	}
	_, err = s.rows.UpdateAll(ctx, t, bson.D{{Key: "answer", Value: bson.D{{Key: "$exists", Value: true}}}}, bson.D{
		{Key: "$unset", Value: bson.D{{Key: "answer", Value: ""}}}, {Key: "$set", Value: bson.D{{Key: "until", Value: time.Time{}}}},
	})
	return false, err
}

// mark notes in a transaction that the request is carried out. A request that somebody else has taken over meanwhile is
// theirs.
func (s *Store) mark(ctx context.Context, r row) error {
	ours, err := s.rows.Update(ctx, r.Website, heldBy(r), bson.D{{Key: "$set", Value: bson.D{{Key: "done", Value: true}}}})
	if err == nil && !ours {
		err = running()
	}
	return err
}

// settle keeps the answer. Where it says that something is away, the request can be sent again as if it were new, unless
// it was carried out before that.
func (s *Store) settle(ctx context.Context, r row, given httpkit.Response) (result string, err error) {
	set := bson.D{{Key: "done", Value: true}}
	switch {
	case passing(given.Status):
		n, err := s.rows.Delete(ctx, r.Website, heldBy(r, bson.E{Key: "done", Value: false}))
		if err != nil || n > 0 {
			return "released", err
		}
		result, set = "unkept", append(set, bson.E{Key: "until", Value: time.Time{}})
	case len(given.Body) > maxAnswer:
		result, set = "too_large", append(set, bson.E{Key: "until", Value: time.Time{}})
	default:
		result, set = "stored", append(set, bson.E{Key: "answer", Value: answer(given)})
	}
	_, err = s.rows.Update(ctx, r.Website, heldBy(r), bson.D{{Key: "$set", Value: set}})
	return result, err
}

// passing says whether a refusal says nothing of the request itself.
func passing(status int) bool {
	return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status == httpkit.Status(fault.Canceled)
}

// heldBy matches a request as long as its holder has it.
func heldBy(r row, more ...bson.E) bson.D {
	return append(bson.D{{Key: "_id", Value: r.ID}, {Key: "holder", Value: r.Holder}}, more...)
}

// idOf is the same for the attempts of one request.
func idOf(a httpkit.Attempt) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		a.Caller.Website.String(), string(a.Caller.Kind), strconv.FormatInt(a.Caller.TokenID, 10), strconv.FormatInt(a.Caller.VisitorID, 10),
		a.Method, a.Path, a.Key,
	}, "\x00")))
	return hex.EncodeToString(sum[:])
}
