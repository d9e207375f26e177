package clients

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/visitors"
)

// Accounts implements visitors.Agents and visitors.Identities.
type Accounts struct {
	client *httpkit.Client
	now    func() time.Time
	online *lru.Cache[tenant.ID, time.Time] // until when agents of a website count as online
}

const (
	onlineWebsites = 16_384          // whose agents' presence a process remembers, with about 100 bytes each
	onlineFor      = 5 * time.Second // how long the presence of agents is remembered. Agents count as online for a minute
)

// NewAccounts calls the accounts service through client. now is the clock.
func NewAccounts(client *httpkit.Client, now func() time.Time) *Accounts {
	online, err := lru.New[tenant.ID, time.Time](onlineWebsites)
	if err != nil { // the size isn't positive
		panic(err)
	}
	return &Accounts{client, now, online}
}

// presence is how many agents of a website are online.
type presence struct {
	Online int64 `json:"online"`
}

// Storage returns how many bytes a website stores and how many it may store.
func (a *Accounts) Storage(ctx context.Context, t tenant.ID) (storagequota.Usage, error) {
	return httpkit.Call[storagequota.Usage](ctx, a.client, t, "GET", "/internal/website-storage", nil)
}

// Online implements visitors.Agents. That agents are online is remembered for some seconds, so that accounts isn't
// asked at every session and heartbeat of a website's visitors. That none is online isn't: the first agent's arrival
// shows at once.
func (a *Accounts) Online(ctx context.Context, t tenant.ID) (bool, error) {
	now := a.now()
	if until, ok := a.online.Get(t); ok && now.Before(until) {
		return true, nil
	}
	found, err := httpkit.Call[presence](ctx, a.client, t, "GET", "/internal/users/online", nil)
	if err != nil || found.Online == 0 {
		return false, err
	}
	a.online.Add(t, now.Add(onlineFor))
	return true, nil
}

// proof is what a page sent to prove which user its visitor is.
type proof struct {
	UserID   string `json:"userId"`
	UserHash string `json:"userHash"`
	Token    string `json:"token"`
}

// verified is the user that a website's backend has signed.
type verified struct {
	UserID string `json:"userId"`
	Email  string `json:"email"`
	Name   string `json:"name"`
}

// Verify implements visitors.Identities.
func (a *Accounts) Verify(ctx context.Context, t tenant.ID, c visitors.Claim) (*visitors.Identity, error) {
	v, err := httpkit.Call[verified](
		ctx, a.client, t, "POST", "/internal/identity-proofs", proof{c.UserID, c.UserHash, c.Token},
	)
	if err != nil {
		return nil, err
	}
	return &visitors.Identity{UserID: v.UserID, Email: v.Email, Name: v.Name, Verified: true}, nil
}
