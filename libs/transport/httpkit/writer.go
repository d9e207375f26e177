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

// An API token of the level WRITE does not read. The answer to its change keeps every documented member, so that clients find
// them, but shows only
//   - what the request wrote: members of the answer that have the name of a member of the body, and
//   - what names the resource or has no empty value (a state): fields with the tag writer:"kept".
//
// Every other member is null, or the empty value of its type. A member without the tag is withheld, so a new one is too.
const writerTag, writerKept = "writer", "kept"

// PublicAnswer says that anybody may read what the route answers, so that a token of the level WRITE is answered the same as others.
func PublicAnswer(r *route) { r.public = true }

type writtenKey struct{}

// written is the names of the members that a request's body has.
type written map[string]bool

// noting has the members of the body noted, for a caller whose answer is cut down to them.
func (rt route) noting(ctx context.Context) context.Context {
	if p := identity.From(ctx); rt.public || p.Kind != identity.Token || p.Level != identity.Write {
		return ctx
	}
	return context.WithValue(ctx, writtenKey{}, written{})
}

// noteMembers notes which of the members that an operation knows a decoded body has. A member that is ignored writes nothing,
// and one that is null leaves or empties what there is, which is answered as null anyway.
func noteMembers(r *http.Request, body []byte, known map[string]bool) {
	w, noting := r.Context().Value(writtenKey{}).(written)
	if !noting {
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return // what isn't an object has no members, and was refused before
	}
	for name, value := range members {
		w[name] = known[name] && string(value) != "null"
	}
}

// forWriter is the response as the caller of ctx may see it.
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

// memberOf is the name that a field has in JSON.
func memberOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return cmp.Or(name, f.Name)
}
