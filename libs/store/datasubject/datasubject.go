// Package datasubject exports and erases a service's data of a website, or of one of its visitors (GDPR data subject
// requests). A service exports rows page by page, and erases them batch by batch. Implement DataHolder, usually by
// Tables, and mount it with Serve. One service sends these requests to all others, through Remote.
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
	Next string            `json:"next"` // the position after this page; "" at the end
}

// DataHolder is a service's data. Visitor 0 means the whole website. Errors are faults.
type DataHolder interface {
	// Export returns the rows after a position that a page returned; "" is the beginning.
	Export(ctx context.Context, t tenant.ID, visitor int64, after string) (Page, error)
	// Erase removes one batch, and reports whether there may be more. If nothing is left, it does nothing.
	Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error)
}

// Eraser holds data that exports don't contain, and that is erased together with a DataHolder's.
type Eraser interface {
	Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error)
}

// EraseOnly turns an Eraser into a DataHolder without an export.
type EraseOnly struct{ Eraser }

// Export implements DataHolder.
func (EraseOnly) Export(context.Context, tenant.ID, int64, string) (Page, error) { return Page{}, nil }

// WithEraser returns a DataHolder that also erases the data of an Eraser.
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

// Serve adds the operations by which another service exports and erases this service's data.
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
	httpkit.Handle(
		r,
		"DELETE /internal/website-data",
		200,
		operation.New(chain, service+".erase_website", authz.Internal,
			func(ctx context.Context, _ operation.None) (erased, error) { return erase(ctx, 0) }),
	)
	httpkit.Handle(
		r,
		"GET /internal/visitor-data/{visitorId}",
		200,
		operation.New(chain, service+".export_visitor", authz.Internal,
			func(ctx context.Context, req visitorData) (Page, error) { return export(ctx, req.VisitorID, req.After) }),
	)
	httpkit.Handle(
		r,
		"DELETE /internal/visitor-data/{visitorId}",
		200,
		operation.New(chain, service+".erase_visitor", authz.Internal,
			func(ctx context.Context, req visitorData) (erased, error) { return erase(ctx, req.VisitorID) }),
	)
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
