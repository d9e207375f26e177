package feed

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

const (
	reindexBatch = 50               // rows
	reindexRetry = 10 * time.Second // after a failure
	reindexCheck = time.Minute      // between looks at the position, after all rows are done
)

// Rows is a collection whose rows have search terms. Rows are analysed in the order of their numbers.
type Rows interface {
	// Reindex analyses up to limit rows after a number again: those of an older version of the analysis, or all. It
	// returns the number of the last one that it looked at. more reports whether others follow.
	Reindex(ctx context.Context, after, limit int64, all bool) (last int64, more bool, err error)
	// Newest returns the number of the newest row, 0 if there is none.
	Newest(ctx context.Context) (int64, error)
}

// Reindexing analyses all rows of a collection again after the analysis has got a new version, or if the operator asks
// for it, on the leading replica, while the system serves. Its position is stored, so that it continues after a
// restart. It rests as long as it works.
type Reindexing struct {
	service   string // that has the rows: conversations
	version   int64  // of the analysis
	rows      Rows
	positions *Positions
	leading   func(context.Context) (bool, error)
	tele      *telemetry.Telemetry
	asked     chan struct{} // receives a value when the operator asks this replica
}

// NewReindexing returns the task for a service's rows. version is that of the analysis.
func NewReindexing(
	tele *telemetry.Telemetry, version int64, rows Rows, positions *Positions,
	leading func(context.Context) (bool, error),
) *Reindexing {
	return &Reindexing{tele.Component, version, rows, positions, leading, tele, make(chan struct{}, 1)}
}

// The stored position is the number of the last row. When all rows are done, it is finished+version.
const finished = 1 << 53

// position is the name of the stored position.
func (r *Reindexing) position() string { return "search." + r.service }

// whole is the name of a position that is 1 while rows of the current version are analysed again too.
func (r *Reindexing) whole() string { return r.position() + ".all" }

// Run analyses rows until all are done, and again when the operator asks for it, until ctx ends.
func (r *Reindexing) Run(ctx context.Context) error {
	working := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "fivechat_search_reindexing",
		Help:        "1 while rows are analysed again for searches, else 0.",
		ConstLabels: prometheus.Labels{"index": r.position()},
	})
	r.tele.Registry.MustRegister(working)
	for {
		start := time.Now()
		more, err := r.step(ctx)
		pause := time.Since(start)
		switch {
		case err != nil && ctx.Err() == nil:
			r.tele.Log.WarnContext(ctx, "reindexing failed; retrying in 10s", "index", r.position(), "error", err)
			pause = reindexRetry
		case more:
			working.Set(1)
		default:
			working.Set(0)
			pause = reindexCheck
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.asked:
		case <-time.After(pause):
		}
	}
}

// step analyses a batch if there is one and this replica leads.
func (r *Reindexing) step(ctx context.Context) (working bool, err error) {
	at, err := r.positions.Position(ctx, r.position())
	if err != nil || at == finished+r.version {
		return false, err
	}
	if leading, err := r.leading(ctx); err != nil || !leading {
		return false, err
	}
	if at > finished { // of another version
		return true, r.move(ctx, at, 0)
	}
	all, err := r.positions.Position(ctx, r.whole())
	if err != nil {
		return false, err
	}
	last, more, err := r.rows.Reindex(ctx, at, reindexBatch, all > 0)
	if err != nil {
		return false, err
	}
	if more {
		return true, r.move(ctx, at, last)
	}
	if err := r.move(ctx, at, finished+r.version); err != nil {
		return false, err
	}
	r.tele.Log.InfoContext(ctx, "all rows are analysed for searches", "index", r.position(), "version", r.version)
	return true, r.positions.Reset(ctx, r.whole())
}

// move changes the position. If the operator or another replica has moved it, the next step begins there.
func (r *Reindexing) move(ctx context.Context, from, to int64) error {
	if err := r.positions.move(ctx, r.position(), from, to); !errors.Is(err, errApplied) {
		return err
	}
	return nil
}

// restart makes the leading replica analyse all rows again, from the first one, within reindexCheck.
func (r *Reindexing) restart(ctx context.Context) error {
	if err := r.positions.Advance(ctx, r.whole(), 1); err != nil {
		return err
	}
	if err := r.positions.restart(ctx, r.position()); err != nil {
		return err
	}
	select {
	case r.asked <- struct{}{}:
	default:
	}
	return nil
}

// indexStatus is the state of a search index.
type indexStatus struct {
	Index      string `json:"index"`      // the service that has it
	Version    int64  `json:"version"`    // of the analysis
	Reindexing bool   `json:"reindexing"` // rows are being analysed again
	Last       int64  `json:"last"`       // the number of the last row that was looked at
	Newest     int64  `json:"newest"`     // the number of the newest row
}

func (r *Reindexing) status(ctx context.Context) (indexStatus, error) {
	at, err := r.positions.Position(ctx, r.position())
	if err != nil {
		return indexStatus{}, err
	}
	newest, err := r.rows.Newest(ctx)
	s := indexStatus{Index: r.service, Version: r.version, Last: newest, Newest: newest}
	if at != finished+r.version {
		s.Reindexing, s.Last = true, at
	}
	if at > finished && s.Reindexing { // of another version: it begins soon
		s.Last = 0
	}
	return s, err
}

// Serve adds the operator's operations: GET /operator/search/SERVICE has the state of the index, and POST
// /operator/search/SERVICE/reindex makes all rows be analysed again.
func (r *Reindexing) Serve(router *httpkit.Router, chain operation.Chain) {
	path := "/operator/search/" + r.service
	httpkit.Handle(router, "GET "+path, 200,
		operation.New(chain, r.service+".get_search_index", authz.Operator,
			func(ctx context.Context, _ operation.None) (indexStatus, error) { return r.status(ctx) }))
	httpkit.Handle(router, "POST "+path+"/reindex", 202,
		operation.New(chain, r.service+".reindex_searches", authz.Operator,
			func(ctx context.Context, _ operation.None) (indexStatus, error) {
				if err := r.restart(ctx); err != nil {
					return indexStatus{}, err
				}
				return r.status(ctx)
			}))
}
