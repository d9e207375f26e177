package accounts

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// By is who asks for a change, and in which request.
type By struct {
	Actor     string // "operator", or "token:" and the number of a website's token
	RequestID string
	Address   string // of the client, "" where nobody vouches for one
}

// WebsiteErased is the one action of which a website that is gone leaves the entry.
const WebsiteErased = "website.erase"

// Entry is a line of the audit log: who did what to which object, and what that changed. It is stored with the change.
type Entry struct {
	ID        int64     `bson:"_id"`
	WebsiteID tenant.ID `bson:"websiteId"`
	CreatedAt time.Time `bson:"createdAt"`
	Actor     string    `bson:"actor"`
	Action    string    `bson:"action"`     // "user.update"
	Kind      string    `bson:"objectKind"` // of the object: website, user, token, visitor
	ObjectID  string    `bson:"objectId"`
	Before    string    `bson:"before"` // a JSON object of what has changed, as it was; never a secret
	After     string    `bson:"after"`  // and as it is
	RequestID string    `bson:"requestId"`
	Address   string    `bson:"address"`
}

// Place is the entry's place in a newest-first list.
func (e Entry) SortKey() (time.Time, int64) { return e.CreatedAt, e.ID }

// AuditFilter says which entries are wanted. A zero member matches all.
type AuditFilter struct {
	Website tenant.ID
	Since   time.Time
}

// Audit lists the audit log, newest first.
func (s *Service) Audit(ctx context.Context, f AuditFilter, w paging.Window) (paging.Slice[Entry], error) {
	return s.store.Entries(ctx, f, w)
}

// fields are an object's members as entries show them.
type fields map[string]any

// entry makes the entry of an action on an object, which changed nothing yet. Its number is drawn outside of the change's
// transaction.
func (s *Service) entry(ctx context.Context, t tenant.ID, by By, kind, action string, object int64) (Entry, error) {
	id, err := s.store.NextEntry(ctx)
	return Entry{
		ID: id, WebsiteID: t, CreatedAt: s.moment(), Actor: by.Actor, Action: kind + "." + action, Kind: kind, ObjectID: strconv.FormatInt(object, 10),
		Before: "{}", After: "{}", RequestID: by.RequestID, Address: by.Address,
	}, err
}

// changing is e with what differs between before and after, either of which may be nil.
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

// shown is a moment as answers write it; nil for never.
func shown(t time.Time) any {
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
	return fields{"name": t.Name, "level": t.Level, "prefix": t.Prefix, "expiresAt": shown(t.ExpiresAt)}
}
