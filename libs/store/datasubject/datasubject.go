// Package datasubject exports and erases a service's data of a website, or of one of its visitors (GDPR data subject
// requests). A service exports rows page by page, and erases them batch by batch. Implement DataHolder, usually by
// Tables, and mount it with Serve. One service sends these requests to all others, through Remote.
package datasubject

import (
	"context"
	"encoding/json"
	"fmt"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// Page is part of an export. Each row is a JSON object that begins with its kind.
type Page struct {
	Rows []json.RawMessage `json:"rows"`
	Next string            `json:"next"` // the position after this page; "" at the end
}

// DataHolder is a service's data. Errors are faults.
type DataHolder interface {
	// Export returns the rows after a position that a page returned; "" is the beginning.
	Export(ctx context.Context, of subject.Subject, after string) (Page, error)
	// Erase removes one batch, and reports whether there may be more. If nothing is left, it does nothing.
	Erase(ctx context.Context, of subject.Subject) (more bool, err error)
}

// Eraser holds data that exports don't contain, and that is erased together with a DataHolder's.
type Eraser interface {
	Erase(ctx context.Context, of subject.Subject) (more bool, err error)
}

// EraseOnly turns an Eraser into a DataHolder without an export.
type EraseOnly struct{ Eraser }

// Export implements DataHolder.
func (EraseOnly) Export(context.Context, subject.Subject, string) (Page, error) { return Page{}, nil }

// WithEraser returns a DataHolder that also erases the data of an Eraser.
func WithEraser(k DataHolder, also Eraser) DataHolder { return withEraser{k, also} }

type withEraser struct {
	DataHolder
	also Eraser
}

// Erase implements DataHolder.
func (b withEraser) Erase(ctx context.Context, of subject.Subject) (bool, error) {
	if more, err := b.DataHolder.Erase(ctx, of); more || err != nil {
		return more, err
	}
	return b.also.Erase(ctx, of)
}

type websiteData struct {
	After string `query:"after" json:"-"`
}

func (websiteData) subject(ctx context.Context) (subject.Subject, error) {
	return subject.Website(identity.From(ctx).Website), nil
}

func (r websiteData) after() string { return r.After }

type visitorData struct {
	VisitorID int64  `path:"visitorId" json:"-"`
	After     string `query:"after" json:"-"`
}

func (r visitorData) subject(ctx context.Context) (subject.Subject, error) {
	if r.VisitorID <= 0 {
		return subject.Subject{}, fault.Bad("visitorId", "must be a positive whole number")
	}
	return subject.Visitor(identity.From(ctx).Website, id.Visitor(r.VisitorID)), nil
}

func (r visitorData) after() string { return r.After }

// request is a request for a subject's data: websiteData or visitorData.
type request interface {
	subject(ctx context.Context) (subject.Subject, error)
	after() string
}

type erased struct {
	More bool `json:"more"`
}

// Serve adds the operations by which another service exports and erases this service's data.
func Serve(r *httpkit.Router, chain operation.Chain, service string, k DataHolder) {
	const website, visitor = " /internal/website-data", " /internal/visitor-data/{visitorId}"
	httpkit.Handle(r, "GET"+website, 200,
		operation.New(chain, service+".export_website", authz.Internal, export[websiteData](k)))
	httpkit.Handle(r, "DELETE"+website, 200,
		operation.New(chain, service+".erase_website", authz.Internal, erase[websiteData](k)))
	httpkit.Handle(r, "GET"+visitor, 200,
		operation.New(chain, service+".export_visitor", authz.Internal, export[visitorData](k)))
	httpkit.Handle(r, "DELETE"+visitor, 200,
		operation.New(chain, service+".erase_visitor", authz.Internal, erase[visitorData](k)))
}

func export[R request](k DataHolder) func(context.Context, R) (Page, error) {
	return func(ctx context.Context, req R) (Page, error) {
		of, err := req.subject(ctx)
		if err != nil {
			return Page{}, err
		}
		return k.Export(ctx, of, req.after())
	}
}

func erase[R request](k DataHolder) func(context.Context, R) (erased, error) {
	return func(ctx context.Context, req R) (erased, error) {
		of, err := req.subject(ctx)
		if err != nil {
			return erased{}, err
		}
		more, err := k.Erase(ctx, of)
		return erased{more}, err
	}
}

// Remote is another service's data. It implements DataHolder.
type Remote struct{ Client *httpkit.Client }

// Export implements DataHolder.
func (r Remote) Export(ctx context.Context, of subject.Subject, after string) (Page, error) {
	return httpkit.Call[Page](ctx, r.Client, of.Website(), "GET", path(of)+"?after="+after, nil)
}

// Erase implements DataHolder.
func (r Remote) Erase(ctx context.Context, of subject.Subject) (bool, error) {
	e, err := httpkit.Call[erased](ctx, r.Client, of.Website(), "DELETE", path(of), nil)
	return e.More, err
}

func path(of subject.Subject) string {
	if visitor, ok := of.Visitor(); ok {
		return fmt.Sprintf("/internal/visitor-data/%d", visitor)
	}
	return "/internal/website-data"
}
