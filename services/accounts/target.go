package accounts

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// maxTarget is the longest target in minutes: 30 days of 24 hours.
const maxTarget = 30 * 24 * 60

// Targets is how fast a website wants to answer visitors, in minutes. nil is no target.
type Targets struct {
	FirstResponse *int64 `bson:"firstResponseMinutes"` // from the visitor's first message on
	NextResponse  *int64 `bson:"nextResponseMinutes"`  // once an agent has answered
	Resolution    *int64 `bson:"resolutionMinutes"`    // until the conversation is closed
	InHours       bool   `bson:"businessHours"`        // only the business hours of the widget count
}

// Validate reports every invalid field.
func (g Targets) Validate() error {
	var wrong fault.Problems
	for field, minutes := range g.byName() {
		wrong.Check(minutes == nil || *minutes >= 1 && *minutes <= maxTarget, field,
			fmt.Sprintf("must be null, or 1 to %d", maxTarget))
	}
	return wrong.Err()
}

func (g Targets) byName() map[string]*int64 {
	return map[string]*int64{
		"firstResponseMinutes": g.FirstResponse, "nextResponseMinutes": g.NextResponse, "resolutionMinutes": g.Resolution,
	}
}

// isSet reports whether there is a target.
func (g Targets) isSet() bool {
	return g.FirstResponse != nil || g.NextResponse != nil || g.Resolution != nil
}

func (g Targets) audited() fields {
	f := fields{"businessHours": g.InHours}
	for field, minutes := range g.byName() {
		f[field] = nil
		if minutes != nil {
			f[field] = *minutes
		}
	}
	return f
}

// Targets returns how fast a website wants to answer. By default there are no targets.
func (s *Service) Targets(ctx context.Context, t tenant.ID) (Targets, error) {
	w, err := s.store.Website(ctx, t)
	return w.Targets, err
}

// SetTargets changes how fast a website wants to answer.
func (s *Service) SetTargets(ctx context.Context, t tenant.ID, g Targets, by By) error {
	if err := g.Validate(); err != nil {
		return err
	}
	e, err := s.entry(ctx, t, by, "targets", "update", t.Int64())
	if err != nil {
		return err
	}
	_, err = s.store.SaveWebsite(ctx, t, func(w Website) (Website, Entry, error) {
		before := w.Targets
		w.Targets = g
		return w, e.changing(before.audited(), g.audited()), nil
	})
	return err
}

// TargetsInHours returns a website's targets with the business hours in which they count; nil hours are all time.
func (s *Service) TargetsInHours(ctx context.Context, t tenant.ID) (Targets, *businesshours.Hours, error) {
	g, err := s.Targets(ctx, t)
	if err != nil || !g.isSet() || !g.InHours {
		return g, nil, err
	}
	w, err := s.widgets.Of(ctx, t)
	return g, w.BusinessHours, err
}
