package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/mail"
)

// dueRows is how many mails a step claims: they have up to 64 KiB each.
const dueRows = 32

// ToFile implements mail.Store.
func (s *Store) ToFile(ctx context.Context, now, until time.Time) ([]mail.Received, error) {
	return claim(ctx, s.toFile, s.received, now, until, func(r mail.Received) (tenant.ID, id.Mail, *time.Time) {
		return r.WebsiteID, r.ID, r.NextAt
	})
}

// ToSend implements mail.Store.
func (s *Store) ToSend(ctx context.Context, now, until time.Time) ([]mail.Sent, error) {
	return claim(ctx, s.toSend, s.sent, now, until, func(m mail.Sent) (tenant.ID, id.Mail, *time.Time) {
		return m.WebsiteID, m.ID, m.NextAt
	})
}

// claim returns due rows after moving their times. A row that another replica has moved is left out.
func claim[T any](
	ctx context.Context, all *mongokit.Global[T], rows *mongokit.Collection[T], now, until time.Time,
	key func(T) (tenant.ID, id.Mail, *time.Time),
) ([]T, error) {
	due, _, err := all.Part(ctx, bson.D{{Key: "nextAt", Value: bson.D{{Key: "$lte", Value: now}}}},
		mongokit.Query{Sort: bson.D{{Key: "nextAt", Value: 1}}, Limit: dueRows})
	if err != nil {
		return nil, err
	}
	var claimed []T
	for _, row := range due {
		t, number, at := key(row)
		mine, err := rows.Modify(ctx, t, bson.D{{Key: "_id", Value: number}, {Key: "nextAt", Value: at}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "nextAt", Value: until}}}})
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return claimed, err
		}
		claimed = append(claimed, mine)
	}
	return claimed, nil
}

// Waiting returns since when the oldest mail has waited to be filed and to be sent; the zero time if none waits. Mails
// that the relay refuses for now count as waiting.
func (s *Store) Waiting(ctx context.Context) (toFile, toSend time.Time, err error) {
	oldest := mongokit.Query{Sort: bson.D{{Key: "nextAt", Value: 1}}, Limit: waitingRows, Only: []string{"createdAt"}}
	waits := bson.D{{Key: "nextAt", Value: bson.D{{Key: "$exists", Value: true}}}}
	received, err := s.toFile.List(ctx, waits, oldest)
	if err != nil {
		return toFile, toSend, err
	}
	sent, err := s.toSend.List(ctx, waits, oldest)
	for _, r := range received {
		toFile = earlier(toFile, r.CreatedAt)
	}
	for _, m := range sent {
		toSend = earlier(toSend, m.CreatedAt)
	}
	return toFile, toSend, err
}

// waitingRows is how many mails are looked at for the age of a queue.
const waitingRows = 1_000

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// sweepRows is how many originals a step removes.
const sweepRows = 20

// Sweep removes originals from before a time, and reports whether there may be more.
func (s *Store) Sweep(ctx context.Context, before time.Time) (more bool, err error) {
	old, err := s.old.List(ctx, bson.D{{Key: "createdAt", Value: bson.D{{Key: "$lt", Value: before}}}},
		mongokit.Query{Sort: bson.D{{Key: "createdAt", Value: 1}}, Limit: sweepRows, Omit: "content"})
	for _, o := range old {
		err := s.db.Tx(ctx, func(ctx context.Context) error {
			n, err := s.originals.Delete(ctx, o.WebsiteID, byID(o.ID))
			if err != nil || n == 0 {
				return err
			}
			return s.bytes.Remove(ctx, o.WebsiteID, o.Size)
		})
		if err != nil {
			return true, err
		}
	}
	return len(old) == sweepRows, err
}
