package route

// storing are the rows whose requests store new text of a website that is known before they are forwarded. They are
// refused for a website that has reached its storage limit. Rows that change or remove what is stored go on: each is
// bounded by itself. A new visitor is refused by the visitors service, which knows the website of a client token.
var storing = map[[2]string]bool{
	{"POST", "/conversations/import"}:                   true,
	{"POST", "/conversations/{token}/messages"}:         true,
	{"POST", "/visitor/conversations"}:                  true,
	{"POST", "/visitor/conversations/{token}/messages"}: true,
	{"PATCH", "/visitors/{token}/context"}:              true,
	{"POST", "/tickets"}:                                true,
	{"POST", "/tickets/{id}/messages"}:                  true,
	{"POST", "/internal/visitors/tickets"}:              true,
}

// Stores says whether a request of the row stores new text of a website.
func (r *Route) Stores() bool { return storing[[2]string{r.Method, r.Pattern}] }
