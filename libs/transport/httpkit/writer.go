package httpkit

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"fivechat.dev/libs/kernel/identity"
)

// An API token of the level WRITE can't read. The response to its change keeps every documented member, so that
// clients find them, but shows only
//   - the members that the request wrote: those of the response that have the name of a member of the body, and
//   - the members that identify the resource or have no empty value (a state): fields with the tag writer:"kept".
//
// Every other member is null, or the empty value of its type. A member without the tag is hidden, so new members are
// hidden too.
const writerTag, writerKept = "writer", "kept"

// PublicResponse marks a route whose response anyone may read, so that tokens of the level WRITE get all of it.
func PublicResponse(r *route) { r.public = true }

type writtenKey struct{}

// written is the set of members that a request's body has.
type written map[string]bool

// noting prepares ctx to record the body's members, if the caller gets only those back.
func (rt route) noting(ctx context.Context) context.Context {
	if p := identity.From(ctx); rt.public || p.Kind != identity.Token || p.Level != identity.Write {
		return ctx
	}
	return context.WithValue(ctx, writtenKey{}, written{})
}

// noteMembers records which of the operation's members a decoded body has. Members that the operation ignores aren't
// recorded. Neither are null members: they leave or empty the value, and the response shows null anyway.
func noteMembers(r *http.Request, body []byte, known map[string]bool) {
	w, noting := r.Context().Value(writtenKey{}).(written)
	if !noting {
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return // not an object, which was refused before
	}
	for name, value := range members {
		w[name] = known[name] && string(value) != "null"
	}
}

// forWriter returns the response as the caller of ctx may see it.
func forWriter(ctx context.Context, response any) any {
	w, noting := ctx.Value(writtenKey{}).(written)
	v := reflect.ValueOf(response)
	if !noting || v.Kind() != reflect.Struct {
		return response
	}
	shown := reflect.New(v.Type()).Elem()
	shown.Set(v)
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		if f.Tag.Get(writerTag) != writerKept && !w[memberOf(f)] {
			shown.FieldByIndex(f.Index).SetZero()
		}
	}
	return shown.Interface()
}

// memberOf returns the name of a field in JSON.
func memberOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return cmp.Or(name, f.Name)
}
