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
	known, pause := false, relayPause
	turns := l.redis.Turns("relay:"+l.tele.Component, l.idle)
	for {
		if known || pause == relayPause || turns.Take(ctx) {
			more, waits, err := l.relayOnce(ctx, known)
			if err != nil && ctx.Err() == nil {
				l.tele.Log.WarnContext(ctx, "outbox relay: assigning positions failed; retrying", "error", err)
			}
			if known = more; known {
				continue
			}
			if pause = relayPause; err == nil && !waits && l.listening.Load() {
				pause = l.idle
			}
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

// relayOnce assigns positions to one batch, and hands it to the publisher. It reads the batch in the transaction that
// assigns them: one snapshot, which has every record that committed before any record in it. The transaction also
// changes the lease's row, so that two relays never assign a position to the same record. known says that there are
// records. more reports that there may be more. waits reports that there are records to which another replica must
// assign positions.
func (l *Log) relayOnce(ctx context.Context, known bool) (more, waits bool, err error) {
	if !known {
		if idle, err := l.gauges.update(ctx, l); err != nil || idle {
			return false, false, err
		}
	}
	if held, err := l.hold(ctx); err != nil {
		return false, false, err
	} else if !held {
		l.notifyHolder(ctx)
		return false, true, nil
	}
	var batch []Record
	err = l.db.Tx(ctx, func(ctx context.Context) (err error) {
		if batch, more, err = l.waiting(ctx); err == nil && len(batch) > 0 {
			err = l.place(ctx, batch)
		}
		return err
	})
	if err != nil {
		l.until = time.Time{} // another replica may have the lease
		return false, false, err
	}
	if len(batch) > 0 {
		l.until = batch[0].PosAt.Add(l.lease)
		l.handOver(batch)
	}
	if !more {
		l.gauges.none()
	} else if l.gauges.due() {
		_, err = l.gauges.update(ctx, l)
	}
	return more, false, err
}

// place assigns positions to a batch, in the transaction of ctx.
func (l *Log) place(ctx context.Context, batch []Record) (err error) {
	ctx, end := StartBatchSpan(ctx, l.tele, "relay", l.tele.Component, batch)
	defer func() { end(err) }()
	n, now := int64(len(batch)), time.Now()
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
	for i := range batch {
		r := &batch[i]
		r.Pos, r.PosAt = row.Pos-n+int64(i)+1, now
		changes[i] = mongokit.RowUpdate{
			Tenant: r.Website,
			ID:     r.ID,
			Set:    bson.D{{Key: "pos", Value: r.Pos}, {Key: "posAt", Value: now}},
		}
	}
	return l.rows.SetEach(ctx, changes)
}

// handOver gives a batch to the publisher. If the publisher has not taken the batch before, it reads that from the log.
func (l *Log) handOver(batch []Record) {
	if l.redis == nil {
		return
	}
	select {
	case <-l.placed:
	default:
	}
	l.placed <- batch // nothing else sends
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

// unplaced matches the records without a position.
var unplaced = bson.D{{Key: "pos", Value: int64(0)}}

// waiting returns the oldest records without a position, and whether there may be more.
func (l *Log) waiting(ctx context.Context) (batch []Record, more bool, err error) {
	batch, more, err = l.rows.Part(
		ctx, unplaced, mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: relayBatch, Bytes: BatchBytes},
	)
	return batch, more || len(batch) == relayBatch, err
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
