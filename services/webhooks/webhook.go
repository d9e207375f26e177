package webhooks

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// The bounds of webhooks.
const (
	MaxWebhooks    = 20     // of a website
	MaxWaiting     = 10_000 // pending deliveries of one webhook
	maxURL         = 2_048
	maxDescription = 255
)

// Reason is why the system disabled a webhook.
type Reason = contract.WebhookDisabledReason

// The reasons.
const (
	// Gone means that it responded with 410.
	Gone = contract.WebhookDisabledReasonGone
	// Exhausted means that all attempts of a delivery failed, and no other delivery succeeded meanwhile.
	Exhausted = contract.WebhookDisabledReasonExhausted
	// Backlog means that it has more pending deliveries than are kept.
	Backlog = contract.WebhookDisabledReasonBacklog
)

// Webhook is an endpoint of a website.
type Webhook struct {
	ID             id.Webhook `bson:"_id"`
	WebsiteID      tenant.ID  `bson:"websiteId"`
	URL            string     `bson:"url"`
	Description    string     `bson:"description"`
	Events         []string   `bson:"events"` // types, groups like ticket.*, or *
	Enabled        bool       `bson:"enabled"`
	DisabledReason Reason     `bson:"disabledReason"` // "" if it is enabled, or was disabled by its owner
	DisabledAt     time.Time  `bson:"disabledAt"`
	Secret         string     `bson:"secret"`
	Previous       string     `bson:"previous"` // the previous secret, which also signs until PreviousUntil
	PreviousUntil  time.Time  `bson:"previousUntil"`
	DeliveredAt    time.Time  `bson:"deliveredAt"`  // time of the last success
	FailingSince   time.Time  `bson:"failingSince"` // time of the first failure after it; zero for none
	CreatedAt      time.Time  `bson:"createdAt"`
	UpdatedAt      time.Time  `bson:"updatedAt"`
	Version        int64      `bson:"version"` // counts changes by its owner, and disabling
	LeaseHolder    string     `bson:"leaseHolder"`
	LeaseUntil     time.Time  `bson:"leaseUntil"` // only the holder delivers until then
}

// SortKey is the webhook's position in a newest-first list.
func (w Webhook) SortKey() (time.Time, int64) { return w.CreatedAt, int64(w.ID) }

// Revision is the version of the webhook.
func (w Webhook) Revision() version.Of { return version.Of{ID: int64(w.ID), Version: w.Version} }

// Wants reports whether the webhook is enabled and wants events of a type.
func (w Webhook) Wants(typ string) bool {
	return w.Enabled && slices.ContainsFunc(w.Events, func(wanted string) bool { return matches(wanted, typ) })
}

func matches(wanted, typ string) bool {
	group, is := strings.CutSuffix(wanted, "*")
	return wanted == typ || is && strings.HasPrefix(typ, group)
}

// Secrets returns the secrets that sign at a time, newest first.
func (w Webhook) Secrets(at time.Time) []string {
	if w.Previous == "" || !at.Before(w.PreviousUntil) {
		return []string{w.Secret}
	}
	return []string{w.Secret, w.Previous}
}

// secretBytes is the number of random bytes in a secret. The standard requires 24 to 64.
const secretBytes = 32

// NewSecret makes a secret.
func NewSecret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // it never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(b[:])
}

// MaxOverlap and DefaultOverlap limit how long the previous secret also signs.
const (
	MaxOverlap     = 7 * 24 * time.Hour
	DefaultOverlap = 24 * time.Hour
)

// rotated returns the webhook with a new secret.
func (w Webhook) rotated(secret string, overlap time.Duration, at time.Time) Webhook {
	w.Previous, w.PreviousUntil, w.Secret = w.Secret, at.Add(overlap), secret
	if overlap == 0 {
		w.Previous, w.PreviousUntil = "", time.Time{}
	}
	return w.touched(at)
}

func (w Webhook) touched(at time.Time) Webhook {
	w.Version, w.UpdatedAt = w.Version+1, at
	return w
}

// subscribable are the types of events that webhooks can receive.
var subscribable = contract.Types(func(f contract.Facts) bool { return f.Webhooks })

// Draft is the input for a new webhook.
type Draft struct {
	URL, Description string
	Events           []string
	Enabled          bool
}

// Validate reports every invalid member. http allows URLs without TLS.
func (d Draft) Validate(http bool) error {
	var wrong fault.Problems
	checkURL(d.URL, http, &wrong)
	checkDescription(d.Description, &wrong)
	checkEvents(d.Events, &wrong)
	return wrong.Err()
}

// Patch is a partial update. Absent members change nothing.
type Patch struct {
	URL, Description optional.Value[string]
	Events           optional.Value[[]string]
	Enabled          optional.Value[bool]
}

// Validate is like Draft.Validate.
func (p Patch) Validate(http bool) error {
	var wrong fault.Problems
	for field, null := range map[string]bool{
		"url":         p.URL.Null,
		"description": p.Description.Null,
		"events":      p.Events.Null,
		"enabled":     p.Enabled.Null,
	} {
		wrong.Check(!null, field, "must not be null")
	}
	if v := p.URL.Ptr(); v != nil {
		checkURL(*v, http, &wrong)
	}
	if v := p.Description.Ptr(); v != nil {
		checkDescription(*v, &wrong)
	}
	if v := p.Events.Ptr(); v != nil {
		checkEvents(*v, &wrong)
	}
	return wrong.Err()
}

// apply returns the webhook after the update. It is w itself if nothing changes.
func (p Patch) apply(w Webhook, at time.Time) Webhook {
	before := w
	if v := p.URL.Ptr(); v != nil {
		w.URL = *v
	}
	if v := p.Description.Ptr(); v != nil {
		w.Description = *v
	}
	if v := p.Events.Ptr(); v != nil {
		w.Events = *v
	}
	if v := p.Enabled.Ptr(); v != nil {
		w.Enabled = *v
		if *v {
			w.DisabledReason, w.DisabledAt, w.FailingSince = "", time.Time{}, time.Time{}
		}
	}
	if w.URL == before.URL && w.Description == before.Description && slices.Equal(w.Events, before.Events) &&
		w.Enabled == before.Enabled {
		return before
	}
	if before.Enabled && !w.Enabled {
		w.DisabledAt = at
	}
	return w.touched(at)
}

// Disabled returns the webhook as disabled by the system.
func (w Webhook) Disabled(why Reason, at time.Time) Webhook {
	w.Enabled, w.DisabledReason, w.DisabledAt = false, why, at
	return w.touched(at)
}

func checkURL(text string, http bool, wrong *fault.Problems) {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		wrong.Add("url", fmt.Sprintf("must be at most %d bytes", maxURL))
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		wrong.Add("url", "must be an absolute URL")
	case u.Scheme != "https" && (u.Scheme != "http" || !http):
		wrong.Add("url", "must begin with https://")
	case u.User != nil:
		wrong.Add("url", "must not carry a name or password")
	case u.Fragment != "" || strings.Contains(text, "#"):
		wrong.Add("url", "must not have a fragment")
	}
}

func checkDescription(text string, wrong *fault.Problems) {
	wrong.Check(
		utf8.RuneCountInString(text) <= maxDescription, "description",
		fmt.Sprintf("must be at most %d characters", maxDescription),
	)
}

func checkEvents(types []string, wrong *fault.Problems) {
	wrong.Check(len(types) > 0, "events", "must name at least one type")
	most := len(subscribable)
	wrong.Check(len(types) <= most, "events", fmt.Sprintf("must name at most %d types", most))
	for i, wanted := range types {
		known := !strings.Contains(strings.TrimSuffix(wanted, "*"), "*") && (wanted == "*" ||
			!strings.HasSuffix(wanted, "*") || strings.HasSuffix(wanted, ".*")) &&
			slices.ContainsFunc(subscribable, func(typ contract.EventType) bool { return matches(wanted, string(typ)) })
		if !known {
			wrong.Add("events", fmt.Sprintf("has no type %.64q: a type, a group like ticket.* or *", wanted))
			return
		}
		if slices.Contains(types[:i], wanted) {
			wrong.Add("events", fmt.Sprintf("names %q twice", wanted))
			return
		}
	}
}
