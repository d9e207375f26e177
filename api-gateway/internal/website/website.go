// Package website knows of a website what limits depend on: its plan, and quotas of its own.
package website

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/limit"
	"fivechat.dev/api-gateway/internal/lookupcache"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Cache is the name under which accounts says which website to forget; the key is its number.
const Cache = "website"

// bounds: a change that nobody hears of takes effect after KnownFor. Where accounts is away, what was known goes on.
var bounds = lookupcache.Bounds{
	Known:      16_384,
	KnownFor:   10 * time.Second,
	Unknown:    1_024,
	UnknownFor: 10 * time.Second,
	StaleFor:   time.Hour,
}

// Directory knows websites.
type Directory struct {
	lookups *lookupcache.Cache[limit.Website]
}

// New makes a Directory that asks accounts.
func New(accounts *httpkit.Client, lookups *prometheus.CounterVec) (*Directory, error) {
	m, err := lookupcache.New(
		Cache, bounds, lookups,
		func(ctx context.Context, id string) (limit.Website, time.Time, error) {
			w, err := httpkit.Call[limit.Website](
				ctx, accounts, tenant.ID{}, http.MethodGet, "/internal/websites/"+id+"/limits", nil,
			)
			return w.Ready(), time.Time{}, err
		},
	)
	return &Directory{m}, err
}

// Of gives a website; the zero Website where nobody knows it, or nobody who knows it answers.
func (d *Directory) Of(ctx context.Context, t tenant.ID) limit.Website {
	w, err := d.lookups.Get(ctx, t.String())
	if err != nil {
		return limit.Website{}
	}
	return w
}

// Forget has a website asked for anew; every one for "".
func (d *Directory) Forget(id string) {
	if id == "" {
		d.lookups.ExpireAll()
		return
	}
	d.lookups.Expire(id)
}
