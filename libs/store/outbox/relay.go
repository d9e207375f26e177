package outbox

import (
	"context"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/store/mongokit"
)

// Relay assigns positions to records and publishes them, until ctx ends. Every replica runs it; only the one that
// holds the lease works.
func (l *Log) Relay(ctx context.Context) error {
	var others sync.WaitGroup
	defer others.Wait()
	if l.redis != nil {
		others.Go(func() { l.publish(ctx) })
		others.Go(func() { l.listen(ctx) })
	}
	known := false
	for {
		n, waits, err := l.relayOnce(ctx, known)
		if err != nil && ctx.Err() == nil {
			l.tele.Log.WarnContext(ctx, "outbox relay: assigning positions failed; retrying", "error", err)
		}
		if n > 0 {
			signal(l.placed)
		}
		if known = n == relayBatch; known {
			continue
		}
		pause := relayPause
		if err == nil && !waits && l.listening.Load() {
			pause = l.idle
		}
		if known = l.wait(ctx, pause); ctx.Err() != nil {
			l.release(context.WithoutCancel(ctx))
			return nil
		}
	}
}

// wait returns after a pause, or earlier if records are stored. known says that they are.
func (l *Log) wait(ctx context.Context, pause time.Duration) (known bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return false
		case <-l.told:
			if time.Now().After(l.until) {
				continue // the message is for the holder of the lease
			}
		case <-l.stored:
		}
		time.Sleep(relayGather)
		return true
	}
}

// relayOnce assigns positions to one batch. It reads the batch in the transaction that assigns them: one snapshot,
// which has every record that committed before any record in it. The transaction also changes the lease's row, so that
// two relays never assign a position to the same record. known says that there are records. waits reports that there
// are records to which another replica must assign positions.
func (l *Log) relayOnce(ctx context.Context, known bool) (placed int, waits bool, err error) {
	if !known || l.gauges.due() {
		if idle, err := l.gauges.update(ctx, l); err != nil || idle {
			return 0, false, err
		}
	}
	if held, err := l.hold(ctx); err != nil {
		return 0, false, err
	} else if !held {
		l.notifyHolder(ctx)
		return 0, true, nil
	}
	var now time.Time
	err = l.db.Tx(ctx, func(ctx context.Context) (err error) {
		waiting, err := l.waiting(ctx, relayBatch)
		if placed = len(waiting); err != nil || placed == 0 {
			return err
		}
		ctx, end := StartBatchSpan(ctx, l.tele, "relay", l.tele.Component, waiting)
		defer func() { end(err) }()
		n := int64(placed)
		now = time.Now()
		row, err := l.leases.Modify(
			ctx,
			bson.D{{Key: "_id", Value: "relay"}, {Key: "holder", Value: l.holder}},
			bson.D{
				{Key: "$inc", Value: bson.D{{Key: "pos", Value: n}}},
				{Key: "$set", Value: bson.D{{Key: "until", Value: now.Add(l.lease)}}},
			},
			false,
		)
		if err != nil {
			return err
		}
		changes := make([]mongokit.RowUpdate, n)
		for i, r := range waiting {
			changes[i] = mongokit.RowUpdate{
				Tenant: r.Website,
				ID:     r.ID,
				Set:    bson.D{{Key: "pos", Value: row.Pos - n + int64(i) + 1}, {Key: "posAt", Value: now}},
			}
		}
		return l.rows.SetEach(ctx, changes)
	})
	if err != nil {
		l.until = time.Time{} // another replica may have the lease
		return 0, false, err
	}
	if placed > 0 {
		l.until = now.Add(l.lease)
	}
	return placed, false, nil
}

// hold acquires the lease, or renews it after half of its time. Assigning positions renews it too.
func (l *Log) hold(ctx context.Context) (bool, error) {
	now := time.Now()
	if l.until.Sub(now) > l.lease/2 {
		return true, nil
	}
	held, err := l.acquire(ctx)
	if held {
		l.until = now.Add(l.lease)
	}
	return held, err
}

// waiting returns up to n records without a position, the oldest first, without their data.
func (l *Log) waiting(ctx context.Context, n int64) ([]Record, error) {
	q := mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: n, Omit: "data"}
	return l.rows.List(ctx, bson.D{{Key: "pos", Value: int64(0)}}, q)
}

// acquire acquires or renews the lease. Its upsert matches only if the lease is ours or has expired; another replica's
// valid lease makes the upsert fail with a duplicate _id. A lease that ends later than possible was taken while a
// clock was ahead, and is ignored: otherwise no replica could work until that time.
func (l *Log) acquire(ctx context.Context) (bool, error) {
	now := time.Now()
	_, err := l.leases.Modify(
		ctx,
		bson.D{{Key: "_id", Value: "relay"}, {Key: "$or", Value: bson.A{
			bson.D{{Key: "holder", Value: l.holder}},
			bson.D{{Key: "until", Value: bson.D{{Key: "$lt", Value: now}}}},
			bson.D{{Key: "until", Value: bson.D{{Key: "$gt", Value: now.Add(2 * l.lease)}}}},
		}}},
		bson.D{
			{Key: "$set", Value: bson.D{{Key: "holder", Value: l.holder}, {Key: "until", Value: now.Add(l.lease)}}},
		},
		true,
	)
	if mongokit.IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

func (l *Log) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := l.leases.Update(ctx, bson.D{{Key: "_id", Value: "relay"}, {Key: "holder", Value: l.holder}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "until", Value: time.Time{}}}}})
	if err != nil && !fault.Is(err, fault.Canceled) {
		l.tele.Log.Info("outbox relay: releasing the lease failed; it expires by itself", "error", err)
	}
}
