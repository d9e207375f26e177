package accounts

import (
	"context"
	"regexp"
	"slices"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
)

// Notifications are what a person is notified of, and how. They hold in all their websites and browsers.
type Notifications struct {
	Enabled    bool        `bson:"enabled"    json:"enabled"`
	Ways       []string    `bson:"ways"       json:"ways"`       // some of notificationWays
	Kinds      []string    `bson:"kinds"      json:"kinds"`      // some of notificationKinds
	QuietHours *QuietHours `bson:"quietHours" json:"quietHours"` // nil for none
}

// QuietHours is the part of a person's day without notifications, in the local time of their browser. It may contain
// midnight.
type QuietHours struct {
	From string `bson:"from" json:"from"` // like 22:00
	To   string `bson:"to"   json:"to"`
}

var (
	notificationWays  = []string{"desktop", "sound", "title"}
	notificationKinds = []string{"assigned", "mention", "mine", "others", "unassigned"}
	timeOfDay         = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

// defaultNotifications returns the settings of a person without their own.
func defaultNotifications() Notifications {
	return Notifications{
		Enabled: true,
		Ways:    []string{"desktop", "title"},
		Kinds:   []string{"assigned", "mention", "mine", "unassigned"},
	}
}

// Validate reports every invalid field.
func (n Notifications) Validate() error {
	var wrong fault.Problems
	wrong.Check(areSomeOf(n.Ways, notificationWays), "ways",
		"must be a list of desktop, sound and title, each at most once")
	wrong.Check(areSomeOf(n.Kinds, notificationKinds), "kinds",
		"must be a list of assigned, mention, mine, others and unassigned, each at most once")
	if q := n.QuietHours; q != nil {
		isRight := timeOfDay.MatchString(q.From) && timeOfDay.MatchString(q.To) && q.From != q.To
		wrong.Check(isRight, "quietHours", `must be null, or two different times like {"from":"22:00","to":"08:00"}`)
	}
	return wrong.Err()
}

// areSomeOf reports whether a list, which is present, has each of the values that all lists at most once.
func areSomeOf(chosen, all []string) bool {
	sorted := slices.Sorted(slices.Values(chosen))
	return chosen != nil && len(slices.Compact(sorted)) == len(chosen) &&
		!slices.ContainsFunc(chosen, func(value string) bool { return !slices.Contains(all, value) })
}

// Notifications returns what a person is notified of.
func (p *People) Notifications(ctx context.Context, person id.Person) (Notifications, error) {
	stored, err := p.store.Person(ctx, person)
	if err != nil || stored.Notifications == nil {
		return defaultNotifications(), err
	}
	return *stored.Notifications, nil
}

// SetNotifications changes what a person is notified of.
func (p *People) SetNotifications(ctx context.Context, person id.Person, n Notifications) error {
	if err := n.Validate(); err != nil {
		return err
	}
	_, err := p.store.SavePerson(ctx, person, func(stored Person) (Person, error) {
		stored.Notifications = &n
		stored.UpdatedAt = p.now()
		return stored, nil
	})
	return err
}
