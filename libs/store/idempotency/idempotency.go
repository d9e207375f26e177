// Package idempotency stores the responses of requests that have an Idempotency-Key, so that a client that lost a
// response can repeat the request. A request is reserved before its work. The reservation is marked as done in the
// transaction that does the work, and gets the response afterwards. If a process ends in between, a repeated request
// either does the work for the first time, or learns that it was done. It is never done twice.
//
// If the store is unavailable when a response must be stored, Run stores it as soon as the store responds again.
//
// Writes of an operation outside of a transaction aren't covered: repeating them must be harmless.
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
	"golang.org/x/sync/semaphore"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	retention     = 24 * time.Hour  // of a request and its response
	reservedFor   = time.Minute     // lifetime of the reservation of an unfinished request: four times its deadline
	maxResponse   = 256 << 10       // bytes of a stored body
	settleTimeout = 2 * time.Second // for storing the outcome, even if the client has disconnected
	maxAttempts   = 3               // to reserve a request that other attempts reserve and release at the same time
)

// row is a request with an idempotency key.
type row struct {
	ID      string    `bson:"_id"` // a hash of the caller, method, path and key
	Website tenant.ID `bson:"websiteId"`
	Content string    `bson:"content"`
	At      time.Time `bson:"at"`
	Holder  string    `bson:"holder"` // the attempt that executes the request
	Until   time.Time `bson:"until"`  // until when no other attempt may
	Done    bool      `bson:"done"`   // executed, or refused permanently
	Answer  *response `bson:"answer,omitempty"`
}

type response struct {
	Status int         `bson:"status"`
	Header http.Header `bson:"header"`
	Body   []byte      `bson:"body"`
}

// Store implements httpkit.IdempotencyStore for one service.
type Store struct {
	rows    *mongokit.Collection[row]
	late    chan outcome
	budget  *semaphore.Weighted // bytes of the responses in late
	tele    *telemetry.Telemetry
	results *prometheus.CounterVec
	now     func() time.Time
}

// New declares a service's requests, stored in service+"_idempotency".
func New(db *mongokit.DB, t *telemetry.Telemetry, now func() time.Time) *Store {
	name := t.Component + "_idempotency"
	// A TTL index holds the date only.
	mongokit.GlobalOf[row](db, name, "request", mongokit.Index{Keys: bson.D{{Key: "at", Value: 1}}, TTL: retention})
	s := &Store{
		rows: mongokit.Tenanted[row](
			db,
			name,
			"request",
			mongokit.Index{Keys: bson.D{{Key: "_id", Value: 1}}},
		).Spread("_id"),
		late: make(chan outcome, maxLate), budget: semaphore.NewWeighted(maxLateBytes),
		tele: t, now: now,
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_idempotency_total",
			Help: "Requests with an Idempotency-Key: executed (stored, released, too_large or unkept), replayed, " +
				"or refused (conflict, running or lost).",
		}, []string{"result"}),
	}
	for _, result := range []string{
		"stored", "released", "too_large", "unkept", "replayed", "conflict", "running", "lost",
	} {
		s.results.WithLabelValues(result) // a counter that exists from the start shows its first increment in a rate
	}
	t.Registry.MustRegister(s.results)
	return s
}

// Execute implements httpkit.IdempotencyStore.
func (s *Store) Execute(
	ctx context.Context,
	a httpkit.Attempt,
	work func(context.Context) httpkit.Response,
) (httpkit.Response, bool, error) {
	r, err := s.reserve(ctx, a)
	if err != nil {
		return httpkit.Response{}, false, err
	}
	if r.Answer != nil {
		s.results.WithLabelValues("replayed").Inc()
		return httpkit.Response(*r.Answer), true, nil
	}
	resp := work(mongokit.BeforeCommit(ctx, func(ctx context.Context) error { return s.mark(ctx, r) }))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	result, err := s.settle(ctx, r, resp)
	if err != nil {
		s.tele.Log.WarnContext(ctx, "idempotency: storing a response failed; it is repeated in the background", "error", err)
		s.settleLater(r, resp)
		return resp, false, nil
	}
	s.results.WithLabelValues(result).Inc()
	return resp, false, nil
}

// reserve returns the stored request with its response, or a reservation that the caller must execute.
func (s *Store) reserve(ctx context.Context, a httpkit.Attempt) (row, error) {
	now := s.now()
	reserved := row{
		ID:      idOf(a),
		Website: a.Caller.Website,
		Content: hex.EncodeToString(a.Content[:]),
		At:      now,
		Holder:  uuid.NewString(),
		Until:   now.Add(reservedFor),
	}
	for range maxAttempts {
		err := s.rows.Insert(ctx, reserved.Website, reserved)
		switch {
		case err == nil:
			return reserved, nil
		case !mongokit.IsDuplicate(err):
			s.releaseLater(reserved)
			return row{}, err
		}
		existing, err := s.rows.Get(ctx, reserved.Website, bson.D{{Key: "_id", Value: reserved.ID}})
		switch {
		case fault.Is(err, fault.NotFound): // released in the meantime
			continue
		case err != nil:
			return row{}, err
		case existing.Content != reserved.Content:
			return row{}, s.refused(
				"conflict",
				fault.Coded(
					fault.Unprocessable,
					"idempotency_key_reused",
					"this Idempotency-Key was sent with another request",
				),
			)
		case existing.Answer != nil:
			return existing, nil
		case existing.Until.After(now):
			return row{}, s.refused("running", inProgress())
		case existing.Done:
			return row{}, s.refused(
				"lost",
				fault.Coded(
					fault.Conflict,
					"idempotency_answer_lost",
					"the request was executed, but its response is unknown",
				),
			)
		}
		taken, err := s.rows.Update(
			ctx,
			reserved.Website,
			heldBy(existing, bson.E{Key: "done", Value: false}),
			bson.D{
				{
					Key:   "$set",
					Value: bson.D{{Key: "holder", Value: reserved.Holder}, {Key: "until", Value: reserved.Until}},
				},
			},
		)
		if err != nil {
			s.releaseLater(reserved)
		}
		if err != nil || taken {
			return reserved, err
		}
	}
	return row{}, s.refused("running", inProgress())
}

func (s *Store) refused(result string, err error) error {
	s.results.WithLabelValues(result).Inc()
	return err
}

func inProgress() error {
	err := fault.Coded(fault.Conflict, "idempotency_in_progress", "the request is in progress, try again shortly")
	err.RetryAfter = time.Second
	return err
}

// eraseRows is the number of rows that are removed at once.
const eraseRows = 1_000

// Erase implements datasubject.Eraser. For a website, it removes all requests. For a visitor, it removes all responses
// of the website, because the responses of other callers may name the visitor. The requests stay, so that none is
// executed twice.
func (s *Store) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	t := of.Website()
	if !of.IsVisitor() {
		n, err := s.rows.DeleteSome(ctx, t, nil, eraseRows)
		return n > 0, err
	}
	_, err = s.rows.UpdateAll(ctx, t, bson.D{{Key: "answer", Value: bson.D{{Key: "$exists", Value: true}}}}, bson.D{
		{
			Key:   "$unset",
			Value: bson.D{{Key: "answer", Value: ""}},
		}, {Key: "$set", Value: bson.D{{Key: "until", Value: time.Time{}}}},
	})
	return false, err
}

// mark records in a transaction that the request is executed. If another attempt has taken the request over, mark
// fails, and with it the transaction.
func (s *Store) mark(ctx context.Context, r row) error {
	ours, err := s.rows.Update(
		ctx,
		r.Website,
		heldBy(r),
		bson.D{{Key: "$set", Value: bson.D{{Key: "done", Value: true}}}},
	)
	if err == nil && !ours {
		err = inProgress()
	}
	return err
}

// settle stores the response. If the response reports a temporary failure, the request is released, so that it can be
// repeated as if it were new, unless it was executed before the failure.
func (s *Store) settle(ctx context.Context, r row, given httpkit.Response) (result string, err error) {
	set := bson.D{{Key: "done", Value: true}}
	switch {
	case isTransient(given.Status):
		n, err := s.rows.Delete(ctx, r.Website, heldBy(r, bson.E{Key: "done", Value: false}))
		if err != nil || n > 0 {
			return "released", err
		}
		result, set = "unkept", append(set, bson.E{Key: "until", Value: time.Time{}})
	case len(given.Body) > maxResponse:
		result, set = "too_large", append(set, bson.E{Key: "until", Value: time.Time{}})
	default:
		result, set = "stored", append(set, bson.E{Key: "answer", Value: response(given)})
	}
	_, err = s.rows.Update(ctx, r.Website, heldBy(r), bson.D{{Key: "$set", Value: set}})
	return result, err
}

// isTransient reports whether an error response doesn't depend on the request itself.
func isTransient(status int) bool {
	return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
		status == httpkit.Status(fault.Canceled)
}

// heldBy matches a request while its reservation belongs to r.
func heldBy(r row, more ...bson.E) bson.D {
	return append(bson.D{{Key: "_id", Value: r.ID}, {Key: "holder", Value: r.Holder}}, more...)
}

// idOf returns the id of a request. All attempts of the request have the same id.
func idOf(a httpkit.Attempt) string {
	caller := a.Caller
	holder := int64(caller.TokenID)
	if caller.Kind == identity.Person {
		holder = int64(caller.PersonID)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{
		caller.Website.String(), string(caller.Kind), strconv.FormatInt(holder, 10),
		strconv.FormatInt(int64(caller.VisitorID), 10),
		a.Method, a.Path, a.Key,
	}, "\x00")))
	return hex.EncodeToString(sum[:])
}
