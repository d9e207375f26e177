package accounts

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// By identifies the caller of a change, and the request.
type By struct {
	Actor     string // "operator", or "token:" or "person:" and an id; "public" without a credential
	RequestID string
	Address   string // of the client, "" if unknown
}

// ActorOf returns the Actor of a person.
func ActorOf(person id.Person) string { return "person:" + strconv.FormatInt(int64(person), 10) }

// WebsiteErased is the only action whose entry stays after its website has been erased.
const WebsiteErased = "website.erase"

// Entry is an entry of the audit log: the caller, the action, its object and the changed fields. It is stored in the
// transaction of the change.
type Entry struct {
	ID        int64     `bson:"_id"`
	WebsiteID tenant.ID `bson:"websiteId"`
	CreatedAt time.Time `bson:"createdAt"`
	Actor     string    `bson:"actor"`
	Action    string    `bson:"action"`     // "user.update"
	Kind      string    `bson:"objectKind"` // of the object: website, user, token, visitor, person's session
	ObjectID  string    `bson:"objectId"`
	Before    string    `bson:"before"` // JSON object of the changed fields before the change; never a secret
	After     string    `bson:"after"`  // and after it
	RequestID string    `bson:"requestId"`
	Address   string    `bson:"address"`
}

// SortKey implements the order of lists: by creation.
func (e Entry) SortKey() (time.Time, int64) { return e.CreatedAt, e.ID }

// AuditFilter selects entries. Zero fields match all.
type AuditFilter struct {
	Website tenant.ID
	Since   time.Time
}

// Audit lists the audit log, newest first.
func (s *Service) Audit(ctx context.Context, f AuditFilter, w paging.Window) (paging.Slice[Entry], error) {
	return s.store.Entries(ctx, f, w)
}

// fields are an object's fields as entries show them.
type fields map[string]any

// entry returns the entry of an action on an object, still without changed fields. Its id is reserved outside the
// transaction of the change.
func (s *Service) entry(ctx context.Context, t tenant.ID, by By, kind, action string, object int64) (Entry, error) {
	id, err := s.store.NextEntry(ctx)
	return Entry{
		ID:        id,
		WebsiteID: t,
		CreatedAt: s.now(),
		Actor:     by.Actor,
		Action:    kind + "." + action,
		Kind:      kind,
		ObjectID:  strconv.FormatInt(object, 10),
		Before:    "{}",
		After:     "{}",
		RequestID: by.RequestID,
		Address:   by.Address,
	}, err
}

// Note adds the entry of a change in another service, which calls it in the transaction of the change. before and after
// have its fields, without contents.
func (s *Service) Note(
	ctx context.Context, t tenant.ID, by By, kind, action string, object int64, before, after map[string]any,
) (Entry, error) {
	e, err := s.entry(ctx, t, by, kind, action, object)
	if err != nil {
		return e, err
	}
	e = e.changing(before, after)
	return e, s.store.AddEntry(ctx, e)
}

// maxNoted is how many websites get an entry about a person: a sign-in isn't many times the writes of another change.
const maxNoted = 20

// noted returns the memberships whose websites get an entry about their person, at most maxNoted: first those in which
// another decides who is a member, then those that the person owns; among each the oldest. So a person can't keep the
// owners of a website from reading of them by creating others.
func noted(all []MembershipOf) []MembershipOf {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b MembershipOf) int {
		if owns := a.Role == identity.Owner; owns != (b.Role == identity.Owner) {
			if owns {
				return 1
			}
			return -1
		}
		return a.CreatedAt.Compare(b.CreatedAt)
	})
	return sorted[:min(len(sorted), maxNoted)]
}

// note adds an entry about a person to the audit log of each of their websites, up to maxNoted.
func (p *People) note(ctx context.Context, person id.Person, by By, kind, action string) error {
	_, err := p.noteIn(ctx, person, by, kind, action, nil)
	return err
}

// noteIn is note with the fields that are new, and returns the person's memberships.
func (p *People) noteIn(
	ctx context.Context, person id.Person, by By, kind, action string, after fields,
) ([]MembershipOf, error) {
	memberships, err := p.memberships(ctx, person)
	if err != nil || len(memberships) == 0 {
		return memberships, err
	}
	entries := make([]Entry, 0, maxNoted)
	for _, m := range noted(memberships) {
		e, err := p.websites.entry(ctx, m.WebsiteID, by, kind, action, int64(person))
		if err != nil {
			return memberships, err
		}
		entries = append(entries, e.changing(nil, after))
	}
	return memberships, p.store.AddEntries(ctx, entries)
}

// changing returns e with the fields that differ between before and after. Either may be nil.
func (e Entry) changing(before, after fields) Entry {
	was, is := fields{}, fields{}
	for name, v := range before {
		if other, there := after[name]; !there || !reflect.DeepEqual(v, other) {
			was[name] = v
		}
	}
	for name, v := range after {
		if other, there := before[name]; !there || !reflect.DeepEqual(v, other) {
			is[name] = v
		}
	}
	e.Before, e.After = was.json(), is.json()
	return e
}

func (f fields) json() string {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // fields hold texts, numbers and maps of them
	}
	return string(b)
}

// timeOrNil returns a time as responses contain it, or nil for the zero time.
func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return timestamp.Format(t)
}

func (w Website) audited() fields {
	return fields{
		"name":         w.Name,
		"url":          w.URL,
		"organization": w.Organization,
		"plan":         w.Plan,
		"clientToken":  w.ClientToken,
		"quotas":       w.Quotas.audited(),
		"storageLimit": w.StorageLimit,
	}
}

func (u User) audited() fields {
	f := fields{"name": u.Name, "email": u.Email, "theme": u.Theme, "language": u.Language, "avatarUrl": nil}
	if u.AvatarURL != nil {
		f["avatarUrl"] = *u.AvatarURL
	}
	return f
}

func (t Token) audited() fields {
	return fields{"name": t.Name, "level": t.Level, "prefix": t.Prefix, "expiresAt": timeOrNil(t.ExpiresAt)}
}
