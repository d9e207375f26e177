package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Departure is the work after a user has left a website: their open conversations and tickets are unassigned, and their
// own canned replies, views and macros are removed. It is stored together with the removal, and removed when all
// services have done it. Each step can be repeated.
type Departure struct {
	UserID    id.User   `bson:"_id"`
	WebsiteID tenant.ID `bson:"websiteId"`
	DueAt     time.Time `bson:"dueAt"` // no replica claims it before
}

// departureLease is how long a departure belongs to the replica that claimed it. A failed one is retried after it.
const departureLease = 10 * time.Second

// departure returns the work after the departure of a user.
func (s *Service) departure(t tenant.ID, user id.User) Departure {
	return Departure{UserID: user, WebsiteID: t, DueAt: s.now()}
}

// Assignments are what a service has assigned to users.
type Assignments interface {
	// Unassign takes some open ones from a user, and reports whether there may be more.
	Unassign(ctx context.Context, t tenant.ID, user id.User) (more bool, err error)
}

// DepartNext works on a departure that is due, and reports whether there was one.
func (s *Service) DepartNext(ctx context.Context, assignments []Assignments) (worked bool, err error) {
	d, found, err := s.store.ClaimDeparture(ctx, s.now(), departureLease)
	if err != nil || !found {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, departureLease)
	defer cancel()
	for _, a := range assignments {
		for more := true; more; {
			if more, err = a.Unassign(ctx, d.WebsiteID, d.UserID); err != nil {
				return true, err
			}
		}
	}
	return true, s.store.EndDeparture(ctx, d.UserID)
}
