package accounts

import (
	"context"
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
)

// Erasure is the removal of a website, or of one of its visitors, from every service. It is stored before the first row
// is deleted. After an interruption it continues after the last completed step. Every step can be repeated.
//
// An erasure runs over all services twice: a request that a gateway accepted before it learned of the erasure may write
// after the first run has finished.
//
//	RUNNING (first run) --> SETTLING (waits eraseSettle, then second run) --> DONE
type Erasure struct {
	ID        int64      `bson:"_id"`
	WebsiteID tenant.ID  `bson:"websiteId"`
	VisitorID id.Visitor `bson:"visitorId"` // stored as 0 for the whole website; read it by Subject
	// the object, until the erasure is done: at most one erasure of an object at a time
	Open      string     `bson:"open,omitempty"`
	Remaining []string   `bson:"remaining"` // the services that the current run has not finished
	Failure   string     `bson:"failure"`   // why the last step is retried, or ""
	CreatedAt time.Time  `bson:"createdAt"`
	SweptAt   *time.Time `bson:"sweptAt"` // end of the first run: the data that existed at the beginning is erased
	DoneAt    *time.Time `bson:"doneAt"`
	DueAt     time.Time  `bson:"dueAt"` // no replica claims it before
}

// Subject returns the website or the visitor that is erased.
func (e Erasure) Subject() subject.Subject {
	if e.VisitorID == 0 {
		return subject.Website(e.WebsiteID)
	}
	return subject.Visitor(e.WebsiteID, e.VisitorID)
}

// ErasureStatus is the state of an erasure.
type ErasureStatus string

// The statuses.
const (
	Erasing  ErasureStatus = "RUNNING"
	Settling ErasureStatus = "SETTLING" // all data is erased; the second run follows
	Erased   ErasureStatus = "DONE"
)

// Status returns the state of the erasure.
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
	eraseLease  = 2 * eraseStep    // how long it belongs to the replica that claimed it
	eraseRetry  = 5 * time.Second  // after a failure
	eraseSettle = 30 * time.Second // between the runs: longer than a gateway caches a caller plus the longest request
)

// EraseWebsite starts the erasure of a website. Its tokens are invalid from then on.
func (s *Service) EraseWebsite(ctx context.Context, t tenant.ID, by By) (Erasure, error) {
	e, err := s.beginErasure(ctx, subject.Website(t), by)
	if err != nil {
		return Erasure{}, err
	}
	s.announce.WebsiteChanged(ctx, t)
	// Tokens that are missing here are announced when they are removed.
	if found, err := s.store.Tokens(ctx, t, announced); err == nil {
		s.announce.TokensChanged(ctx, hashes(found.Rows)...)
	}
	return e, nil
}

// EraseVisitor starts the erasure of the visitor of a token.
func (s *Service) EraseVisitor(ctx context.Context, t tenant.ID, token string, by By) (Erasure, error) {
	of, err := s.VisitorOf(ctx, t, token)
	if err != nil {
		return Erasure{}, err
	}
	return s.beginErasure(ctx, of, by)
}

func (s *Service) beginErasure(ctx context.Context, of subject.Subject, by By) (Erasure, error) {
	number, err := s.store.NextErasure(ctx)
	if err != nil {
		return Erasure{}, err
	}
	entry, err := s.subjectEntry(ctx, of, by, "erase")
	if err != nil {
		return Erasure{}, err
	}
	now := s.now()
	visitor, _ := of.Visitor()
	e, err := s.store.BeginErasure(ctx, Erasure{
		ID:        number,
		WebsiteID: of.Website(),
		VisitorID: visitor,
		Open:      of.String(),
		Remaining: s.erasers(),
		CreatedAt: now,
		DueAt:     now,
	}, entry)
	if err == nil {
		s.Wake()
	}
	return e, err
}

// Erasure returns an erasure.
func (s *Service) Erasure(ctx context.Context, id int64) (Erasure, error) {
	return s.store.Erasure(ctx, id)
}

// Due receives a value when an erasure has been started in this process.
func (s *Service) Due() <-chan struct{} { return s.wake }

// Wake sends a value to Due, without blocking.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// EraseNext works on one erasure that is due and reports whether there was one. An error is stored in the erasure,
// which becomes due again after eraseRetry.
func (s *Service) EraseNext(ctx context.Context) (worked bool, err error) {
	now := s.now()
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
		if saveErr := s.saveProgress(ctx, &e, eraseRetry); saveErr != nil {
			return true, fmt.Errorf("%w; saving the progress failed: %w", err, saveErr)
		}
		return true, err
	}
	return true, nil
}

// saveProgress stores the progress of an erasure, and when it is due again. The error is Conflict if another replica
// has claimed it since.
func (s *Service) saveProgress(ctx context.Context, e *Erasure, in time.Duration) error {
	next := *e
	next.DueAt = s.now().Add(in)
	if err := s.store.SaveErasure(ctx, next, e.DueAt); err != nil {
		return err
	}
	*e = next
	return nil
}

// sweep makes every remaining service erase its data, and stores the progress after each.
func (s *Service) sweep(ctx context.Context, e *Erasure) error {
	for len(e.Remaining) > 0 {
		if err := s.eraseAt(ctx, e, e.Remaining[0]); err != nil {
			return fmt.Errorf("erasure %d at %s: %w", e.ID, e.Remaining[0], err)
		}
		e.Remaining, e.Failure = e.Remaining[1:], ""
		if err := s.saveProgress(ctx, e, eraseLease); err != nil {
			return err
		}
	}
	now := s.now()
	if e.SweptAt == nil {
		e.SweptAt, e.Remaining = &now, s.erasers()
	} else {
		e.DoneAt, e.Open = &now, ""
	}
	if err := s.saveProgress(ctx, e, eraseSettle); err != nil {
		return err
	}
	s.announce.WebsiteChanged(ctx, e.WebsiteID) // a gateway may have cached the visitor before their row was deleted
	return nil
}

// eraseAt makes one service erase its data batch by batch. It extends the lease of a long erasure.
func (s *Service) eraseAt(ctx context.Context, e *Erasure, name string) error {
	k := s.holder(name)
	if k == nil {
		return fault.New(fault.Unavailable, "the service "+name+" is unknown")
	}
	for {
		if e.DueAt.Sub(s.now()) < eraseStep {
			if err := s.saveProgress(ctx, e, eraseLease); err != nil {
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
	return k.Erase(ctx, e.Subject())
}

// holders returns all services that hold data, this one first.
func (s *Service) holders() []DataHolder { return append([]DataHolder{own{s}}, s.others...) }

func (s *Service) holder(name string) DataHolder {
	for _, k := range s.holders() {
		if k.Name() == name {
			return k
		}
	}
	return nil
}

// erasers returns the names of the services in the order of an erasure, this one last.
func (s *Service) erasers() []string {
	var names []string
	for _, k := range append(s.others[:len(s.others):len(s.others)], own{s}) {
		names = append(names, k.Name())
	}
	return names
}
