// Package website resolves a website's number to the data that its limits depend on: its plan, and quotas of its own.
//
// Begin with Directory.Of, which never fails: without data the zero Website is returned, and the default limits apply.
// Results are cached for seconds.
package website

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/lookupcache"
	"fivechat.dev/api-gateway/internal/quota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Cache is the cache's name in the announcements of accounts; their key is the website's number.
const Cache = "website"

// bounds: a change whose announcement is lost takes effect after KnownFor. While accounts is unavailable, cached data
// is used for StaleFor.
var bounds = lookupcache.Bounds{
	Known:      16_384,
	KnownFor:   10 * time.Second,
	Unknown:    1_024,
	UnknownFor: 10 * time.Second,
	StaleFor:   time.Hour,
}

// Directory resolves websites.
type Directory struct {
	lookups *lookupcache.Cache[quota.Website]
}

// New makes a Directory that asks accounts.
func New(accounts *httpkit.Client, lookups *prometheus.CounterVec) (*Directory, error) {
	m, err := lookupcache.New(
		Cache, bounds, lookups,
		func(ctx context.Context, id string) (quota.Website, time.Time, error) {
			w, err := httpkit.Call[quota.Website](
				ctx, accounts, tenant.ID{}, http.MethodGet, "/internal/websites/"+id+"/limits", nil,
			)
			return w.Ready(), time.Time{}, err
		},
	)
	return &Directory{m}, err
}

// Of returns a website, or the zero Website if it is unknown or accounts is unavailable.
func (d *Directory) Of(ctx context.Context, t tenant.ID) quota.Website {
	w, err := d.lookups.Get(ctx, t.String())
	if err != nil {
		return quota.Website{}
	}
	return w
}

// Forget forces a new lookup of a website, or of all for "".
func (d *Directory) Forget(id string) {
	if id == "" {
		d.lookups.ExpireAll()
		return
	}
	d.lookups.Expire(id)
}
