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

// An answer that shows one row carries a strong ETag of two parts. The first is the row's revision, which If-Match is
// about: what is only shown beside it (who is online, who types, another service's names) is no reason to refuse a
// change. The second is of the answer's bytes, so that If-None-Match is never told that nothing changed where it did.

// revised is an answer that shows one row.
type revised interface{ Revision() version.Of }

func tagOf(r version.Of, body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + r.String() + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`
}

// tag is an entity tag and what follows it in a list, as RFC 9110 has them.
var tag = regexp.MustCompile(`^[ \t,]*(W/)?"([^"\x00-\x20\x7f]*)"[ \t]*(,|$)`)

// tagsIn gives the opaque texts of a list of entity tags, those of weak ones too where asked for, and whether it is a list.
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

// requiring puts the request's If-Match into the context, for the store that carries out a change or a removal.
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
			// A tag that we never gave names no state.
			if cut := strings.LastIndexByte(t, '.'); cut > 0 {
				if r, err := version.Parse(t[:cut]); err == nil {
					p.Of = append(p.Of, r)
				}
			}
		}
	}
	return version.Require(ctx, p), nil
}

// Known says whether the client of a GET has what is tagged so.
func Known(req *http.Request, tag string) bool {
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
