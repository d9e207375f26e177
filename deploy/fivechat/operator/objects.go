package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// Quota is a limit of a website's own: how many requests within how many seconds.
type Quota struct {
	Requests int64 `json:"requests"`
	Seconds  int64 `json:"seconds"`
}

// Website is a tenant. Quotas are by class of operation.
type Website struct {
	ID           int64            `json:"id"`
	Organization string           `json:"organization"`
	Name         string           `json:"name"`
	URL          string           `json:"url"`
	Plan         string           `json:"plan"`
	ClientToken  string           `json:"clientToken"`
	Quotas       map[string]Quota `json:"quotas"`
	StorageLimit *int64           `json:"storageLimit"` // bytes, in place of the plan's
	Storage      Storage          `json:"storage"`
	CreatedAt    time.Time        `json:"createdAt"`
}

// Storage is how many bytes a website stores, nil when that couldn't be read, and how many it may store.
type Storage struct {
	Used  *int64 `json:"used"`
	Limit int64  `json:"limit"`
}

// User is an agent of a website.
type User struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Email  string `json:"email"`
	Online bool   `json:"online"`
}

// Token is an API token. Secret is only there when it has just been made.
type Token struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	Level      string     `json:"level"`
	Prefix     string     `json:"prefix"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	ExpiresAt  *time.Time `json:"expiresAt"`
	CreatedAt  time.Time  `json:"createdAt"`
	CreatedBy  string     `json:"createdBy"`
	Secret     string     `json:"token"`
}

// Erasure is the removal of a website or a visitor. All data that existed at its start is gone when SweptAt is set.
type Erasure struct {
	ID      int64      `json:"id"`
	Status  string     `json:"status"`
	Failure *string    `json:"failure"`
	SweptAt *time.Time `json:"sweptAt"`
}

// Entry is a line of the audit log.
type Entry struct {
	WebsiteID int64           `json:"websiteId"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	Action    string          `json:"action"`
	ObjectID  string          `json:"objectId"`
	Before    json.RawMessage `json:"before"`
	After     json.RawMessage `json:"after"`
	RequestID string          `json:"requestId"`
	Address   string          `json:"address"`
}

// Recount is what a recount of a website's statistics found.
type Recount struct {
	Drift    []Drift `json:"drift"`
	Repaired bool    `json:"repaired"`
}

// Drift is a counter that was not what the conversations and visitors come to.
type Drift struct {
	Counter    string  `json:"counter"`
	Kept       float64 `json:"kept"`
	Recounted  float64 `json:"recounted"`
	Difference float64 `json:"difference"`
}

func ofWebsite(website int64, rest string) string {
	return fmt.Sprintf("/operator/websites/%d%s", website, rest)
}

// CreateWebsite makes a website; clientToken may be "" for a new one.
func (c Client) CreateWebsite(ctx context.Context, name, url, plan, clientToken string) (w Website, err error) {
	body := map[string]string{"name": name, "url": url, "plan": plan}
	if clientToken != "" {
		body["clientToken"] = clientToken
	}
	return w, c.call(ctx, "POST", "/operator/websites", body, &w)
}

// Websites gives all websites, newest first.
func (c Client) Websites(ctx context.Context) (all []Website, err error) {
	return listed[Website](ctx, c, "/operator/websites")
}

// Website gives a website.
func (c Client) Website(ctx context.Context, id int64) (w Website, err error) {
	return w, c.call(ctx, "GET", ofWebsite(id, ""), nil, &w)
}

// SetWebsite changes those members of a website that changes has.
func (c Client) SetWebsite(ctx context.Context, id int64, changes map[string]any) (w Website, err error) {
	return w, c.call(ctx, "PATCH", ofWebsite(id, ""), changes, &w)
}

// EraseWebsite begins the erasure of a website and of all that is its own.
func (c Client) EraseWebsite(ctx context.Context, id int64) (e Erasure, err error) {
	return e, c.call(ctx, "DELETE", ofWebsite(id, ""), nil, &e)
}

// EraseVisitor begins the erasure of a visitor and of all that they said.
func (c Client) EraseVisitor(ctx context.Context, website int64, token string) (e Erasure, err error) {
	return e, c.call(ctx, "DELETE", ofWebsite(website, "/visitors/"+url.PathEscape(token)), nil, &e)
}

// Erasure returns the progress of an erasure.
func (c Client) Erasure(ctx context.Context, id int64) (e Erasure, err error) {
	return e, c.call(ctx, "GET", fmt.Sprintf("/operator/erasures/%d", id), nil, &e)
}

// Users gives a website's agents.
func (c Client) Users(ctx context.Context, website int64) ([]User, error) {
	return listed[User](ctx, c, ofWebsite(website, "/users"))
}

// CreateUser makes an agent.
func (c Client) CreateUser(ctx context.Context, website int64, name, email string) (u User, err error) {
	return u, c.call(ctx, "POST", ofWebsite(website, "/users"), map[string]string{"name": name, "email": email}, &u)
}

// SetUser changes those members of an agent that changes has.
func (c Client) SetUser(ctx context.Context, website, id int64, changes map[string]any) (u User, err error) {
	return u, c.call(ctx, "PATCH", ofWebsite(website, fmt.Sprintf("/users/%d", id)), changes, &u)
}

// DeleteUser removes an agent.
func (c Client) DeleteUser(ctx context.Context, website, id int64) error {
	return c.call(ctx, "DELETE", ofWebsite(website, fmt.Sprintf("/users/%d", id)), nil, nil)
}

// Person can sign in.
type Person struct {
	ID        int64     `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"createdAt"`
}

// Membership is a role in a website: viewer, agent, admin or owner.
type Membership struct {
	WebsiteID int64  `json:"websiteId"`
	Role      string `json:"role"`
}

// Invitation is a link by which a person becomes a member of a website. Path is relative to the gateway's address.
type Invitation struct {
	Path      string    `json:"path"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Reset is a link by which a person chooses a new password. Path is relative to the gateway's address.
type Reset struct {
	Path string `json:"path"`
}

// ResetPerson makes a link by which a person chooses a new password. Its use also removes their authenticator app, or
// their passkeys.
func (c Client) ResetPerson(ctx context.Context, id int64, totp, passkeys bool) (r Reset, err error) {
	body := map[string]any{"totp": totp, "passkeys": passkeys}
	return r, c.call(ctx, "POST", fmt.Sprintf("/operator/people/%d/resets", id), body, &r)
}

// CreatePerson makes a person and their memberships.
func (c Client) CreatePerson(
	ctx context.Context, name, email, password string, memberships ...Membership,
) (p Person, err error) {
	body := map[string]any{"name": name, "email": email, "password": password, "memberships": memberships}
	return p, c.call(ctx, "POST", "/operator/people", body, &p)
}

// People gives all persons, newest first, or those with an e-mail address: one or none.
func (c Client) People(ctx context.Context, email string) ([]Person, error) {
	path := "/operator/people"
	if email != "" {
		path += "?email=" + url.QueryEscape(email)
	}
	return listed[Person](ctx, c, path)
}

// SetPerson changes those members of a person that changes has: password, disabled. It ends their sessions.
func (c Client) SetPerson(ctx context.Context, id int64, changes map[string]any) (p Person, err error) {
	return p, c.call(ctx, "PATCH", fmt.Sprintf("/operator/people/%d", id), changes, &p)
}

// InviteOwner gives a link by which a person creates a website and becomes its owner.
func (c Client) InviteOwner(ctx context.Context) (i Invitation, err error) {
	return i, c.call(ctx, "POST", "/operator/invitations", nil, &i)
}

// Invite gives a link by which the person with an e-mail address becomes a member of a website.
func (c Client) Invite(ctx context.Context, email string, m Membership) (i Invitation, err error) {
	body := map[string]any{"websiteId": m.WebsiteID, "email": email, "role": m.Role}
	return i, c.call(ctx, "POST", "/operator/invitations", body, &i)
}

// CreateToken makes an API token of a level; a zero expires is never.
func (c Client) CreateToken(
	ctx context.Context, website int64, name, level string, expires time.Time,
) (t Token, err error) {
	body := map[string]any{"name": name, "level": level}
	if !expires.IsZero() {
		body["expiresAt"] = expires.UTC().Format(time.RFC3339)
	}
	return t, c.call(ctx, "POST", ofWebsite(website, "/tokens"), body, &t)
}

// Tokens gives a website's tokens.
func (c Client) Tokens(ctx context.Context, website int64) ([]Token, error) {
	return listed[Token](ctx, c, ofWebsite(website, "/tokens"))
}

// RotateToken makes a token's successor; the token itself lives on for the overlap.
func (c Client) RotateToken(ctx context.Context, website, token int64, overlap time.Duration) (t Token, err error) {
	body := map[string]int64{"overlapSeconds": int64(overlap.Seconds())}
	return t, c.call(ctx, "POST", ofWebsite(website, fmt.Sprintf("/tokens/%d/rotate", token)), body, &t)
}

// RevokeToken ends a token.
func (c Client) RevokeToken(ctx context.Context, website, token int64) error {
	return c.call(ctx, "DELETE", ofWebsite(website, fmt.Sprintf("/tokens/%d", token)), nil, nil)
}

// Audit gives the newest entries of the audit log, at most 100: of one website (0 for all), and since a time (zero for
// all).
func (c Client) Audit(ctx context.Context, website int64, since time.Time, limit int) ([]Entry, error) {
	q := url.Values{"limit": {fmt.Sprint(limit)}}
	if website != 0 {
		q.Set("websiteId", fmt.Sprint(website))
	}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	var p struct {
		Data []Entry `json:"data"`
	}
	return p.Data, c.call(ctx, "GET", "/operator/audit?"+q.Encode(), nil, &p)
}

// Recount has a website's statistics recounted and, where asked for, repaired.
func (c Client) Recount(ctx context.Context, website int64, repair bool) (r Recount, err error) {
	return r, c.call(ctx, "POST", ofWebsite(website, "/statistics/recount"), map[string]bool{"repair": repair}, &r)
}

// searchIndexes are the services that have a search index.
var searchIndexes = []string{"conversations", "tickets", "visitors"}

// SearchIndex is the state of a service's search index.
type SearchIndex struct {
	Index      string `json:"index"`      // the service
	Version    int64  `json:"version"`    // of the analysis of texts
	Reindexing bool   `json:"reindexing"` // rows are being analysed again
	Last       int64  `json:"last"`       // the number of the last row that was looked at
	Newest     int64  `json:"newest"`     // the number of the newest row
}

// SearchIndexes returns the state of all search indexes.
func (c Client) SearchIndexes(ctx context.Context) ([]SearchIndex, error) {
	all := make([]SearchIndex, len(searchIndexes))
	for i, index := range searchIndexes {
		if err := c.call(ctx, "GET", "/operator/search/"+index, nil, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Reindex makes all rows of all search indexes be analysed again.
func (c Client) Reindex(ctx context.Context) error {
	for _, index := range searchIndexes {
		if err := c.call(ctx, "POST", "/operator/search/"+index+"/reindex", nil, nil); err != nil {
			return err
		}
	}
	return nil
}
