package api

import (
	"context"
	"encoding/json"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/accounts"
)

func viewsOf[Row, View any](rows []Row, view func(Row) View) []View {
	views := make([]View, len(rows))
	for i, row := range rows {
		views[i] = view(row)
	}
	return views
}

// userView is a user as clients see it.
type userView struct {
	ID        id.User             `json:"id" writer:"kept"`
	Name      string              `json:"name"`
	Email     string              `json:"email"`
	Theme     string              `json:"theme"`
	AvatarURL *string             `json:"avatarUrl"`
	Language  string              `json:"language"`
	Online    bool                `json:"online"`
	Status    accounts.UserStatus `json:"status" writer:"kept"`
	CreatedAt time.Time           `json:"createdAt" writer:"kept"`
	UpdatedAt time.Time           `json:"updatedAt" writer:"kept"`
	of        version.Of
}

// colleagueView is a user as other services see them: perhaps one that was removed.
type colleagueView struct {
	userView
	Former bool `json:"former,omitzero"`
}

func colleagueViewOf(c accounts.Colleague) colleagueView {
	return colleagueView{userViewOf(c.User), c.IsFormer}
}

// Revision is the version of the user in the view.
func (v userView) Revision() version.Of { return v.of }

func userViewOf(u accounts.User) userView {
	now := time.Now()
	return userView{
		u.ID, u.Name, u.Email, u.Theme, u.AvatarURL, u.Language, u.Online(now), u.Status(now), u.CreatedAt,
		u.UpdatedAt, u.Revision(),
	}
}

type deleted struct {
	ID      id.User `json:"id" writer:"kept"`
	Deleted bool    `json:"deleted" writer:"kept"`
}

// access is the permissions of a token, as the gateway requests them.
type access struct {
	WebsiteID tenant.ID      `json:"websiteId"`
	TokenID   id.Token       `json:"tokenId"`
	Level     identity.Level `json:"level"`
	Plan      identity.Plan  `json:"plan"`
	ExpiresAt *time.Time     `json:"expiresAt"`
}

// limits is the limits that the gateway enforces for a website.
type limits struct {
	WebsiteID tenant.ID       `json:"websiteId"`
	Plan      identity.Plan   `json:"plan"`
	Quotas    accounts.Quotas `json:"quotas"`
}

// website is the part of a website that other services see.
type website struct {
	ID   tenant.ID     `json:"id"`
	Name string        `json:"name"`
	URL  string        `json:"url"`
	Plan identity.Plan `json:"plan"`
}

// ownWebsite is a website as its own agents see it.
type ownWebsite struct {
	ID             tenant.ID      `json:"id"`
	Name           string         `json:"name"`
	URL            string         `json:"url"`
	Plan           identity.Plan  `json:"plan"`
	ClientToken    string         `json:"clientToken"`
	WidgetLoadedAt *time.Time     `json:"widgetLoadedAt"`
	Level          identity.Level `json:"level"` // of the caller's token
	Storage        storageView    `json:"storage"`
}

// storageView is how many bytes a website stores (null if they can't be read now), and how many it may store.
type storageView struct {
	Used  *int64 `json:"used"`
	Limit int64  `json:"limit"`
}

type online struct {
	Online int64 `json:"online"`
}

// websiteView is a website as the operator sees it.
type websiteView struct {
	ID           tenant.ID       `json:"id"`
	Organization string          `json:"organization"`
	Name         string          `json:"name"`
	URL          string          `json:"url"`
	Plan         identity.Plan   `json:"plan"`
	ClientToken  string          `json:"clientToken"`
	Quotas       accounts.Quotas `json:"quotas"`
	StorageLimit *int64          `json:"storageLimit"` // the website's own, which overrides its plan's
	Storage      storageView     `json:"storage"`
	CreatedAt    time.Time       `json:"createdAt"`
}

func websiteViewOf(w accounts.Website, stored accounts.Reading) websiteView {
	v := websiteView{
		ID:           w.ID,
		Organization: w.Organization,
		Name:         w.Name,
		URL:          w.URL,
		Plan:         w.Plan,
		ClientToken:  w.ClientToken,
		Quotas:       w.Quotas,
		Storage:      storageView(stored),
		CreatedAt:    w.CreatedAt,
	}
	if w.StorageLimit > 0 {
		v.StorageLimit = &w.StorageLimit
	}
	return v
}

// shownWebsite returns the view of a website with its stored bytes. It passes err through.
func shownWebsite(ctx context.Context, m *accounts.Meter, w accounts.Website, err error) (websiteView, error) {
	if err != nil {
		return websiteView{}, err
	}
	return websiteViewOf(w, m.Read(ctx, w)[0]), nil
}

// shownWebsites returns the views of several websites.
func shownWebsites(ctx context.Context, m *accounts.Meter, rows []accounts.Website) []websiteView {
	views := make([]websiteView, len(rows))
	for i, stored := range m.Read(ctx, rows...) {
		views[i] = websiteViewOf(rows[i], stored)
	}
	return views
}

// tokenView is a token as the operator sees it.
type tokenView struct {
	ID         id.Token       `json:"id"`
	WebsiteID  tenant.ID      `json:"websiteId"`
	Name       string         `json:"name"`
	Level      identity.Level `json:"level"`
	Prefix     string         `json:"prefix"`
	LastUsedAt *time.Time     `json:"lastUsedAt"`
	ExpiresAt  *time.Time     `json:"expiresAt"`
	CreatedAt  time.Time      `json:"createdAt"`
	CreatedBy  string         `json:"createdBy"` // "" if unknown
}

func tokenViewOf(t accounts.Token) tokenView {
	return tokenView{
		t.ID,
		t.WebsiteID,
		t.Name,
		t.Level,
		t.Prefix,
		timeOrNil(t.LastUsedAt),
		timeOrNil(t.ExpiresAt),
		t.CreatedAt,
		t.CreatedBy,
	}
}

// createdToken is the only response that contains the secret.
type createdToken struct {
	tokenView
	Token string `json:"token"`
}

type revoked struct {
	ID      id.Token `json:"id"`
	Revoked bool     `json:"revoked"`
}

// erasureView is an erasure as the operator sees it.
type erasureView struct {
	ID        int64                  `json:"id"`
	WebsiteID tenant.ID              `json:"websiteId"`
	VisitorID *id.Visitor            `json:"visitorId"` // null: the whole website
	Status    accounts.ErasureStatus `json:"status"`
	Remaining []string               `json:"remaining"` // the services that the current run has not finished
	Failure   *string                `json:"failure"`   // why the last step is retried
	CreatedAt time.Time              `json:"createdAt"`
	SweptAt   *time.Time             `json:"sweptAt"`
	DoneAt    *time.Time             `json:"doneAt"`
}

func erasureViewOf(e accounts.Erasure) erasureView {
	v := erasureView{
		ID:        e.ID,
		WebsiteID: e.WebsiteID,
		Status:    e.Status(),
		Remaining: e.Remaining,
		CreatedAt: e.CreatedAt,
		SweptAt:   e.SweptAt,
		DoneAt:    e.DoneAt,
	}
	if visitor, ok := e.Subject().Visitor(); ok {
		v.VisitorID = &visitor
	}
	if e.Failure != "" {
		v.Failure = &e.Failure
	}
	return v
}

// entryView is an entry of the audit log.
type entryView struct {
	ID        int64           `json:"id"`
	WebsiteID tenant.ID       `json:"websiteId"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	Action    string          `json:"action"`
	Kind      string          `json:"objectKind"`
	ObjectID  string          `json:"objectId"`
	Before    json.RawMessage `json:"before"`
	After     json.RawMessage `json:"after"`
	RequestID string          `json:"requestId"`
	Address   string          `json:"address"`
}

func entryViewOf(e accounts.Entry) entryView {
	return entryView{
		e.ID, e.WebsiteID, e.CreatedAt, e.Actor, e.Action, e.Kind, e.ObjectID, json.RawMessage(e.Before),
		json.RawMessage(e.After), e.RequestID, e.Address,
	}
}

// timeOrNil returns nil for the zero time.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// recounted is the result of recounting a website's statistics.
type recounted struct {
	Drift    []driftView `json:"drift"`
	Repaired bool        `json:"repaired"`
}

type driftView struct {
	Counter    string  `json:"counter"`
	Kept       float64 `json:"kept"`
	Recounted  float64 `json:"recounted"`
	Difference float64 `json:"difference"` // stored value minus the recounted one
}

func driftViewOf(d accounts.Drift) driftView {
	return driftView{d.Counter, d.Kept, d.Recounted, d.Kept - d.Recounted}
}
