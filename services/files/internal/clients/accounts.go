package clients

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Accounts implements files.Accounts.
type Accounts struct {
	client *httpkit.Client
	limits *storagequota.Limiter
	now    func() time.Time
	plans  *lru.Cache[tenant.ID, plan]
}

type plan struct {
	plan  identity.Plan
	until time.Time
}

const (
	planWebsites = 16_384           // whose plan a process remembers, with about 100 bytes each
	planFor      = 10 * time.Second // how long a plan is remembered
)

// NewAccounts calls accounts through client. limits has the stored bytes of websites, and now is the clock.
func NewAccounts(client *httpkit.Client, limits *storagequota.Limiter, now func() time.Time) *Accounts {
	plans, err := lru.New[tenant.ID, plan](planWebsites)
	if err != nil { // the size isn't positive
		panic(err)
	}
	return &Accounts{client, limits, now, plans}
}

// Storage returns how many bytes a website stores and how many it may store.
func Storage(client *httpkit.Client) storagequota.Ask {
	return func(ctx context.Context, t tenant.ID) (storagequota.Usage, error) {
		return httpkit.Call[storagequota.Usage](ctx, client, t, "GET", "/internal/website-storage", nil)
	}
}

// Plan implements files.Accounts.
func (a *Accounts) Plan(ctx context.Context, t tenant.ID) (identity.Plan, error) {
	now := a.now()
	if known, ok := a.plans.Get(t); ok && now.Before(known.until) {
		return known.plan, nil
	}
	w, err := httpkit.Call[struct {
		Plan identity.Plan `json:"plan"`
	}](ctx, a.client, t, "GET", "/internal/website", nil)
	if err == nil {
		a.plans.Add(t, plan{w.Plan, now.Add(planFor)})
	}
	return w.Plan, err
}

// HasRoom implements files.Accounts.
func (a *Accounts) HasRoom(ctx context.Context, t tenant.ID) error { return a.limits.Check(ctx, t) }
