package visitors

import (
	"net/url"
	"slices"
	"time"
)

// The bounds of the path of a visit.
const (
	MaxVisitPages = 20
	maxAddress    = 500 // bytes of a page's origin and path
)

// PageView is a page that a visitor has been on, and since when.
type PageView struct {
	URL string    `bson:"url"` // origin and path
	At  time.Time `bson:"at"`
}

// Address returns origin and path of the page's address: "https://shop.example/atlas"; "" if it has no origin.
func (p Page) Address() string {
	at, err := url.Parse(p.URL)
	if err != nil || at.Scheme == "" || at.Host == "" {
		return ""
	}
	address := at.Scheme + "://" + at.Host + p.Path()
	return address[:min(len(address), maxAddress)]
}

// Path returns the last pages of the visitor's visit, which may be over, the oldest first.
func (v Visitor) Path() []PageView {
	first := slices.IndexFunc(v.Pages, func(p PageView) bool { return !p.At.Before(v.ArrivedAt) })
	if first < 0 {
		return nil
	}
	return v.Pages[first:]
}

// onPage returns the visitor with the page of their context added to the path, unless it is the last one there already.
func (v Visitor) onPage(since time.Time) Visitor {
	address, path := v.Page().Address(), v.Path()
	if address == "" || len(path) > 0 && path[len(path)-1].URL == address {
		return v
	}
	v.Pages = append(slices.Clone(path), PageView{address, since})
	v.Pages = v.Pages[max(0, len(v.Pages)-MaxVisitPages):]
	return v
}
