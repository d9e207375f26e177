package api

import (
	"context"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/visitors"
)

// mountRows adds the list for agents and its counts to the route table.
func mountRows(r *httpkit.Router, chain operation.Chain, s *visitors.Service) {
	httpkit.Handle(r, "GET /visitors/rows", 200, operation.New(chain, "visitors.list_rows", authz.Read,
		func(ctx context.Context, req rows) (paging.Page[row], error) {
			window, err := req.window()
			if err != nil {
				return paging.Page[row]{}, err
			}
			found, err := s.Rows(ctx, identity.From(ctx).Website, req.selected(), window)
			return paging.Envelope(window.Window, found, rowViewsOf(found.Rows)), err
		}))
	httpkit.Handle(r, "GET /visitors/{token}/visit", 200, operation.New(chain, "visitors.get_visit", authz.Read,
		func(ctx context.Context, req byToken) (visit, error) {
			v, err := s.Visitor(ctx, identity.From(ctx).Website, req.Token)
			return visitOf(v), err
		}))
	httpkit.Handle(r, "GET /visitors/counts", 200, operation.New(chain, "visitors.count_visitors", authz.Read,
		func(ctx context.Context, _ operation.None) (visitors.Counts, error) {
			return s.Counts(ctx, identity.From(ctx).Website)
		}))
}

// rows selects a page of rows for agents.
type rows struct {
	list
	Sort     paging.Sort  `query:"sort" json:"-"`
	Verified httpkit.Flag `query:"verified" json:"-"`
	Blocked  httpkit.Flag `query:"blocked" json:"-"`
	PagePath string       `query:"pagePath" json:"-"`
	Search   string       `query:"search" json:"-"`
}

// maxPath is the length of a filter of paths in bytes.
const maxPath = 500

// Validate refuses a cursor of another order, and a path that no page has.
func (r rows) Validate() error {
	if r.PagePath != "" && (!strings.HasPrefix(r.PagePath, "/") || len(r.PagePath) > maxPath) {
		return fault.Bad("pagePath", "must be the beginning of a path, like /shop, of at most 500 bytes")
	}
	_, err := r.window()
	return err
}

// window returns the requested part of the list in its order.
func (r rows) window() (paging.Following, error) {
	return r.In(r.Sort, paging.Newest, paging.Oldest, paging.Seen)
}

func (r rows) selected() visitors.Select {
	return visitors.Select{
		Online:   r.Online.Ptr(),
		Verified: r.Verified.Ptr(),
		Blocked:  r.Blocked.Ptr(),
		Page:     r.PagePath,
		Search:   r.Search,
	}
}

// row is a visitor as the list for agents shows them.
type row struct {
	ID          id.Visitor `json:"id"`
	Token       string     `json:"token"`
	Name        string     `json:"name"`
	Identity    *user      `json:"identity"`
	Country     *string    `json:"country"`
	City        *string    `json:"city"`
	Online      bool       `json:"online"`
	Page        *page      `json:"page"`
	FirstSeenAt time.Time  `json:"firstSeenAt"`
	LastSeenAt  *time.Time `json:"lastSeenAt"`
	ArrivedAt   *time.Time `json:"arrivedAt"`
	BlockedAt   *time.Time `json:"blockedAt"`
}

// page is the page that a visitor is on, or was last.
type page struct {
	URL   string  `json:"url"`
	Title *string `json:"title"`
}

// visit is where a visitor has been in their visit, which may be over.
type visit struct {
	ArrivedAt *time.Time `json:"arrivedAt"`
	Pages     []pageView `json:"pages"`
}

// pageView is a page that a visitor has been on, and since when.
type pageView struct {
	URL string    `json:"url"`
	At  time.Time `json:"at"`
}

func visitOf(v visitors.Visitor) visit {
	path := v.Path()
	found := visit{timeOrNil(v.ArrivedAt), make([]pageView, len(path))}
	for i, p := range path {
		found.Pages[i] = pageView(p)
	}
	return found
}

func rowViewsOf(found []visitors.Visitor) []row {
	views, now := make([]row, len(found)), time.Now()
	for i, v := range found {
		views[i] = row{
			ID:          v.ID,
			Token:       v.Token,
			Name:        v.Name,
			Identity:    userOf(v.Identity),
			Country:     v.Country,
			City:        v.City,
			Online:      v.Online(now),
			FirstSeenAt: v.CreatedAt,
			LastSeenAt:  timeOrNil(v.LastSeenAt),
			BlockedAt:   timeOrNil(v.BlockedAt),
		}
		if p := v.Page(); p.URL != "" {
			views[i].Page = &page{p.URL, textOrNil(p.Title)}
		}
		if views[i].Online {
			views[i].ArrivedAt = timeOrNil(v.ArrivedAt)
		}
	}
	return views
}
