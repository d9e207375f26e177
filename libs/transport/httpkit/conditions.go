package httpkit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/version"
)

// A response that shows one row has a strong ETag of two parts. The first part is the row's revision, which If-Match
// compares. Other things that the response shows (online and typing agents, another service's names) don't make a
// change fail. The second part is a hash of the response's bytes. If-None-Match compares both, so a client never gets
// 304 if anything changed.

// revised is a response that shows one row.
type revised interface{ Revision() version.Of }

func tagOf(r version.Of, body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + r.String() + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`
}

// tag matches an entity tag and its separator in a list (RFC 9110).
var tag = regexp.MustCompile(`^[ \t,]*(W/)?"([^"\x00-\x20\x7f]*)"[ \t]*(,|$)`)

// tagsIn returns the opaque texts of a list of entity tags, with weak tags only if weak is set. ok reports whether the
// list is well-formed.
func tagsIn(list string, weak bool) (tags []string, ok bool) {
	for strings.Trim(list, " \t,") != "" {
		m := tag.FindStringSubmatch(list)
		if m == nil {
			return nil, false
		}
		if list = list[len(m[0]):]; weak || m[1] == "" {
			tags = append(tags, m[2])
		}
	}
	return tags, true
}

// requiring puts the request's If-Match into the context. The store that changes or deletes the row checks it.
func requiring(ctx context.Context, req *http.Request) (context.Context, error) {
	lists := req.Header.Values("If-Match")
	if len(lists) == 0 || req.Method != http.MethodPatch && req.Method != http.MethodDelete {
		return ctx, nil
	}
	list := strings.TrimSpace(strings.Join(lists, ","))
	p := version.Precondition{Any: list == "*"}
	if !p.Any {
		tags, ok := tagsIn(list, false)
		if !ok || list == "" {
			return ctx, fault.Bad("If-Match", `must be * or a list of tags like "1.2.abc"`)
		}
		for _, t := range tags {
			// A tag in another format names no state of ours.
			if cut := strings.LastIndexByte(t, '.'); cut > 0 {
				if r, err := version.Parse(t[:cut]); err == nil {
					p.Of = append(p.Of, r)
				}
			}
		}
	}
	return version.Require(ctx, p), nil
}

// IsKnown reports whether a GET request's If-None-Match contains a tag, so that 304 is the response.
func IsKnown(req *http.Request, tag string) bool {
	list := strings.TrimSpace(strings.Join(req.Header.Values("If-None-Match"), ","))
	if list == "" || req.Method != http.MethodGet && req.Method != http.MethodHead {
		return false
	}
	if list == "*" {
		return true
	}
	tags, _ := tagsIn(list, true)
	for _, t := range tags {
		if `"`+t+`"` == tag {
			return true
		}
	}
	return false
}
