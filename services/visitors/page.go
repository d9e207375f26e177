package visitors

import (
	"encoding/json"
	"net/url"
)

// Page is the page that a visitor is on, or was last, as the widget reports it in the context.
type Page struct {
	URL   string `json:"page"`  // "" if unknown
	Title string `json:"title"` // "" if unknown
}

// Page returns the visitor's page.
func (v Visitor) Page() (p Page) {
	var context struct{ Page, Title any }
	if json.Unmarshal([]byte(v.Context), &context) != nil {
		return p
	}
	p.URL, _ = context.Page.(string)
	p.Title, _ = context.Title.(string)
	return p
}

// maxPath is the number of bytes of a path that are stored.
const maxPath = 500

// Path returns the path of the page's address: "/shop/atlas"; "" if there is no page.
func (p Page) Path() string {
	at, err := url.Parse(p.URL)
	if err != nil || p.URL == "" {
		return ""
	}
	path := at.EscapedPath()
	if path == "" {
		path = "/"
	}
	return path[:min(len(path), maxPath)]
}
