package accounts

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// Erasure is the removal of a website, or of one of its visitors, from every service. It is stored before anything goes,
// and taken up again, behind the last step that was done, after whatever interrupts it. Every step can be repeated.
//
// It goes over all services twice: what an edge let in before it learned of the erasure may write behind the first time.
type Erasure struct {
	ID        int64      `bson:"_id"`
	WebsiteID tenant.ID  `bson:"websiteId"`
	VisitorID int64      `bson:"visitorId"`      // 0: the whole website
	Open      string     `bson:"open,omitempty"` // what is erased, while it goes on: one erasure of the same at a time
	Remaining []string   `bson:"remaining"`      // the services that this time has not come to
	Failure   string     `bson:"failure"`        // why the last step has to be tried again, or ""
	CreatedAt time.Time  `bson:"createdAt"`
	SweptAt   *time.Time `bson:"sweptAt"` // the end of the first time: what was there at the beginning is gone
	DoneAt    *time.Time `bson:"doneAt"`
	DueAt     time.Time  `bson:"dueAt"` // not to be touched before
}

// ErasureStatus is where an erasure stands.
type ErasureStatus string

// The statuses.
const (
	Erasing  ErasureStatus = "RUNNING"
	Settling ErasureStatus = "SETTLING" // all is gone; it looks once more
	Erased   ErasureStatus = "DONE"
)

// Status says where the erasure stands.
func (e Erasure) Status() ErasureStatus {
	switch {
	case e.DoneAt != nil:
		return Erased
	case e.SweptAt != nil:
		return Settling
	default:
		return Erasing
	}
}

// The times of an erasure.
const (
	eraseStep   = 10 * time.Second // one batch
	eraseLease  = 2 * eraseStep    // for which it belongs to who works on it
	eraseRetry  = 5 * time.Second  // after a failure
	eraseSettle = 30 * time.Second // between the two times: more than an edge remembers a caller and a request may last
)

// EraseWebsite begins the erasure of a website. Its tokens open nothing from here on.
func (s *Service) EraseWebsite(ctx context.Context, t tenant.ID, by By) (Erasure, error) {
	e, err := s.beginErasure(ctx, t, 0, by)
	if err != nil {
		return Erasure{}, err
	}
	s.announce.WebsiteChanged(ctx, t)
	// Those that are not heard of here are when they are removed.
	if found, err := s.store.Tokens(ctx, t, announced); err == nil {
		s.announce.TokensChanged(ctx, hashes(found.Rows)...)
	}
	return e, nil
}

// EraseVisitor begins the erasure of the visitor of a token.
func (s *Service) EraseVisitor(ctx context.Context, t tenant.ID, token string, by By) (Erasure, error) {
	id, err := s.visitors.ByToken(ctx, t, token)
	if err != nil {
		return Erasure{}, err
	}
	return s.beginErasure(ctx, t, id, by)
}

func (s *Service) beginErasure(ctx context.Context, t tenant.ID, visitor int64, by By) (Erasure, error) {
	id, err := s.store.NextErasure(ctx)
	if err != nil {
		return Erasure{}, err
	}
	kind, object, open := "website", t.Int64(), "website/"+t.String()
	if visitor != 0 {
		kind, object, open = "visitor", visitor, "visitor/"+t.String()+"/"+strconv.FormatInt(visitor, 10)
	}
	entry, err := s.entry(ctx, t, by, kind, "erase", object)
	if err != nil {
		return Erasure{}, err
	}
	now := s.moment()
	e, err := s.store.BeginErasure(ctx, Erasure{
		ID: id, WebsiteID: t, VisitorID: visitor, Open: open, Remaining: s.erasers(), CreatedAt: now, DueAt: now,
	}, entry)
	if err == nil {
		s.Wake()
	}
	return e, err
}

// Erasure gives an erasure.
func (s *Service) Erasure(ctx context.Context, id int64) (Erasure, error) {
	return s.store.Erasure(ctx, id)
}

// Due is told when an erasure has begun in this process.
func (s *Service) Due() <-chan struct{} { return s.wake }

// Wake tells Due.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// EraseNext works on one erasure that is due, and says whether there was one. An error is noted at the erasure, which
// will be due again.
func (s *Service) EraseNext(ctx context.Context) (worked bool, err error) {
	now := s.moment()
	e, err := s.store.ClaimErasure(ctx, now, now.Add(eraseLease))
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := s.sweep(ctx, &e); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), eraseStep)
		defer cancel()
		e.Failure = fault.From(err).Message
		if saveErr := s.keep(ctx, &e, eraseRetry); saveErr != nil {
			return true, fmt.Errorf("%w; and how far it is could not be noted: %w", err, saveErr)
		}
		return true, err
	}
	return true, nil
}

// keep notes how far an erasure is, and when it is due again.
func (s *Service) keep(ctx context.Context, e *Erasure, in time.Duration) error {
	next := *e
	next.DueAt = s.moment().Add(in)
	if err := s.store.SaveErasure(ctx, next, e.DueAt); err != nil {
		return err
	}
	*e = next
	return nil
}

// sweep has every service that remains erase what it has, and notes each that has.
func (s *Service) sweep(ctx context.Context, e *Erasure) error {
	for len(e.Remaining) > 0 {
		if err := s.eraseAt(ctx, e, e.Remaining[0]); err != nil {
			return fmt.Errorf("erasure %d at %s: %w", e.ID, e.Remaining[0], err)
		}
		e.Remaining, e.Failure = e.Remaining[1:], ""
		if err := s.keep(ctx, e, eraseLease); err != nil {
			return err
		}
	}
	now := s.moment()
	if e.SweptAt == nil {
		e.SweptAt, e.Remaining = &now, s.erasers()
	} else {
		e.DoneAt, e.Open = &now, ""
	}
	if err := s.keep(ctx, e, eraseSettle); err != nil {
		return err
	}
	s.announce.WebsiteChanged(ctx, e.WebsiteID) // an edge may have been asked for a visitor before their row was gone
	return nil
}

// eraseAt has one service erase batch after batch. A long one keeps the erasure its own.
func (s *Service) eraseAt(ctx context.Context, e *Erasure, name string) error {
	k := s.holder(name)
	if k == nil {
		return fault.New(fault.Unavailable, "the service "+name+" is not known")
	}
	for {
		if e.DueAt.Sub(s.moment()) < eraseStep {
			if err := s.keep(ctx, e, eraseLease); err != nil {
				return err
			}
		}
		more, err := eraseBatch(ctx, k, e)
		if err != nil || !more {
			return err
		}
	}
}

func eraseBatch(ctx context.Context, k DataHolder, e *Erasure) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, eraseStep)
	defer cancel()
	return k.Erase(ctx, e.WebsiteID, e.VisitorID)
}

// holders are all services that keep something, this one first.
func (s *Service) holders() []DataHolder { return append([]DataHolder{own{s}}, s.siblings...) }

func (s *Service) holder(name string) DataHolder {
	for _, k := range s.holders() {
		if k.Name() == name {
			return k
		}
	}
	return nil
}

// erasers names the services in the order of an erasure, this one last.
func (s *Service) erasers() []string {
	var names []string
	for _, k := range append(s.siblings[:len(s.siblings):len(s.siblings)], own{s}) {
		names = append(names, k.Name())
	}
	return names
}
