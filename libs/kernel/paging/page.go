package paging

import (
	"net/url"
	"strconv"
	"strings"
)

// Page is the envelope of every list. Total, Page and TotalPages are null if the list was read by cursor. A page may
// end early, because its rows reach MaxBytes. Then its limit is the number of its rows. The next page with that limit
// begins within this page or right after it, and nextCursor continues right after it.
type Page[T any] struct {
	Data        []T     `json:"data"`
	Total       *int64  `json:"total"`
	Relation    string  `json:"totalRelation,omitzero"` // "gte": there are more than Total
	Page        *int64  `json:"page"`
	Limit       int64   `json:"limit"`
	TotalPages  *int64  `json:"totalPages"`
	HasNextPage bool    `json:"hasNextPage"`
	HasPrevPage bool    `json:"hasPrevPage"`
	NextCursor  *string `json:"nextCursor"`

	last int64 // the last page that can be read by its number; 0: any
}

// Envelope puts data, the view of found.Rows, into the envelope for the requested window.
func Envelope[T, Row any](w Window, found Slice[Row], data []T) Page[T] {
	if fitting, cut := Fit(data); cut {
		data, found = fitting, found.First(len(fitting))
	}
	p := Page[T]{Data: data, Limit: w.Size(), HasNextPage: found.More, HasPrevPage: w.ByCursor(), last: w.last}
	if n := int64(len(data)); found.More && n > 0 && n < p.Limit {
		p.Limit = n
	}
	if found.Next.ID != 0 || found.Next.Order == Changes {
		next := found.Next.String()
		p.NextCursor = &next
	}
	if w.ByCursor() || found.Next.Order == Changes {
		return p
	}
	number, pages := w.Number(), (found.Total+p.Limit-1)/p.Limit
	p.Total, p.Page, p.TotalPages = &found.Total, &number, &pages
	p.HasNextPage, p.HasPrevPage = number < pages, number > 1
	if found.Above {
		p.Relation, p.HasNextPage = "gte", found.More
	}
	return p
}

// Links returns the header Link of the response to a request at an address: the next page and, if the list is read by
// page number, the other pages.
func (p Page[T]) Links(at *url.URL) string {
	var links []string
	if p.HasNextPage && p.NextCursor != nil {
		links = append(links, Link(at, "next", "cursor", *p.NextCursor))
	}
	if p.Page != nil && *p.TotalPages > 0 {
		page := func(rel string, n int64) { links = append(links, Link(at, rel, "page", strconv.FormatInt(n, 10))) }
		if p.HasPrevPage {
			page("prev", min(*p.Page-1, *p.TotalPages))
		}
		page("first", 1)
		if p.last == 0 || *p.TotalPages <= p.last {
			page("last", *p.TotalPages)
		}
	}
	return strings.Join(links, ", ")
}

// Link returns one entry of the header Link: the request's address with the position set by key, and its other
// parameters kept.
func Link(at *url.URL, rel, key, value string) string {
	query := at.Query()
	query.Del("page")
	query.Del("cursor")
	query.Set(key, value)
	return "<" + at.EscapedPath() + "?" + query.Encode() + `>; rel="` + rel + `"`
}
