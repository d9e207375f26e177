package incoming

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"

	"fivechat.dev/libs/kernel/excerpt"
)

// sanitizers are the policies without and with remote images. A policy may be used by several goroutines.
var sanitizers = map[bool]*bluemonday.Policy{false: policy(false), true: policy(true)}

// policy allows the elements of formatted text. Scripts, styles, forms, frames and events are left out; links open
// without a referrer. A remote image reports to its server that the mail was read, so it needs remoteImages.
func policy(remoteImages bool) *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "span", "br", "hr", "b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "sub",
		"sup", "small", "big", "code", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "center", "font")
	p.AllowLists()
	p.AllowTables()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.RequireParseableURLs(true)
	p.RequireNoReferrerOnLinks(true)
	p.RequireNoFollowOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	source := regexp.MustCompile(`^cid:`)
	if remoteImages {
		source = regexp.MustCompile(`^(cid|https?):`)
	}
	p.AllowAttrs("src").Matching(source).OnElements("img")
	p.AllowAttrs("alt").Matching(bluemonday.Paragraph).OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.Number).OnElements("img")
	return p
}

// Sanitize returns the HTML of a mail for a console: without scripts, styles, forms and everything else that isn't
// formatted text. Images are those of the mail itself, whose sources have the form cid:…, and remote ones only with
// remoteImages. HTML above 1 MiB is cut.
func Sanitize(source string, remoteImages bool) string {
	source = cleanText(excerpt.Cut(source, maxText))
	return strings.TrimSpace(sanitizers[remoteImages].Sanitize(source))
}

// htmlOfText returns text as safe HTML.
func htmlOfText(text string) string {
	return "<pre>" + html.EscapeString(text) + "</pre>"
}
