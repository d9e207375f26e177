// Package datasubject is what a service does with the data it keeps of a website, or of one of the website's visitors, when
// it is told to hand it out or to let it go: it gives the rows page by page, and it erases them batch by batch. One
// service asks all others so, over the operations that Serve mounts.
package datasubject

import (
	"context"
	"encoding/json"
	"fmt"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// Page is part of an export. Each row is a JSON object that begins with its kind.
type Page struct {
	Rows []json.RawMessage `json:"rows"`
	Next string            `json:"next"` // where to go on; "" at the end
}

// DataHolder is a service's data. Visitor 0 stands for the whole website. Errors are faults.
type DataHolder interface {
	// Export gives the rows after a position that a page returned, "" for the beginning.
	Export(ctx context.Context, t tenant.ID, visitor int64, after string) (Page, error)
	// Erase removes one batch and says whether there may be more. Where nothing is left it does nothing.
	Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error)
}

// Eraser is data that no export shows; it only goes, as a DataHolder's does.
type Eraser interface {
	Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error)
}

// EraseOnly is an Eraser as a DataHolder.
type EraseOnly struct{ Eraser }

// Export implements DataHolder.
func (EraseOnly) Export(context.Context, tenant.ID, int64, string) (Page, error) { return Page{}, nil }

// WithEraser is a DataHolder with whose data that of an Eraser goes.
func WithEraser(k DataHolder, also Eraser) DataHolder { return withEraser{k, also} }

type withEraser struct {
	DataHolder
	also Eraser
}

// Erase implements DataHolder.
func (b withEraser) Erase(ctx context.Context, t tenant.ID, visitor int64) (bool, error) {
	if more, err := b.DataHolder.Erase(ctx, t, visitor); more || err != nil {
		return more, err
	}
	return b.also.Erase(ctx, t, visitor)
}

type websiteData struct {
	After string `query:"after" json:"-"`
}

type visitorData struct {
	VisitorID int64  `path:"visitorId" json:"-"`
	After     string `query:"after" json:"-"`
}

type erased struct {
	More bool `json:"more"`
}

// Serve mounts a service's data for the one that asks.
func Serve(r *httpkit.Router, chain operation.Chain, service string, k DataHolder) {
	export := func(ctx context.Context, visitor int64, after string) (Page, error) {
		return k.Export(ctx, identity.From(ctx).Website, visitor, after)
	}
	erase := func(ctx context.Context, visitor int64) (erased, error) {
		more, err := k.Erase(ctx, identity.From(ctx).Website, visitor)
		return erased{more}, err
	}
	httpkit.Handle(r, "GET /internal/website-data", 200, operation.New(chain, service+".export_website", authz.Internal,
		func(ctx context.Context, req websiteData) (Page, error) { return export(ctx, 0, req.After) }))
	httpkit.Handle(r, "DELETE /internal/website-data", 200, operation.New(chain, service+".erase_website", authz.Internal,
		func(ctx context.Context, _ operation.None) (erased, error) { return erase(ctx, 0) }))
	httpkit.Handle(r, "GET /internal/visitor-data/{visitorId}", 200, operation.New(chain, service+".export_visitor", authz.Internal,
		func(ctx context.Context, req visitorData) (Page, error) { return export(ctx, req.VisitorID, req.After) }))
	httpkit.Handle(r, "DELETE /internal/visitor-data/{visitorId}", 200, operation.New(chain, service+".erase_visitor", authz.Internal,
		func(ctx context.Context, req visitorData) (erased, error) { return erase(ctx, req.VisitorID) }))
}

// Remote is another service's data. It implements DataHolder.
type Remote struct{ Client *httpkit.Client }

// Export implements DataHolder.
func (r Remote) Export(ctx context.Context, t tenant.ID, visitor int64, after string) (Page, error) {
	return httpkit.Call[Page](ctx, r.Client, t, "GET", path(visitor)+"?after="+after, nil)
}

// Erase implements DataHolder.
func (r Remote) Erase(ctx context.Context, t tenant.ID, visitor int64) (bool, error) {
	e, err := httpkit.Call[erased](ctx, r.Client, t, "DELETE", path(visitor), nil)
	return e.More, err
}

func path(visitor int64) string {
	if visitor == 0 {
		return "/internal/website-data"
	}
	return fmt.Sprintf("/internal/visitor-data/%d", visitor)
}
