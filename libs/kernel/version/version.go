// Package version names the states that a stored row goes through, so that a change can be made to depend on one: a
// request says which states it means, and the store looks at the row in the transaction that changes it.
package version

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fivechat.dev/libs/kernel/fault"
)

// Of is one state of one row. The zero Of is the state of what has no revisions; only Any means it.
type Of struct {
	ID      int64 // the row's number
	Version int64 // how often it has been changed
}

// String is the text that Parse reads: two numbers in base 36.
func (r Of) String() string {
	return strconv.FormatInt(r.ID, 36) + "." + strconv.FormatInt(r.Version, 36)
}

// Parse reads what String wrote.
func Parse(s string) (Of, error) {
	id, version, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(id, 36, 64)
	if err != nil {
		return Of{}, fmt.Errorf("revision: %w", err)
	}
	v, err := strconv.ParseInt(version, 36, 64)
	if err != nil {
		return Of{}, fmt.Errorf("revision: %w", err)
	}
	return Of{n, v}, nil
}

// OfTag gives the revision that a strong ETag of an answer begins with.
func OfTag(tag string) (Of, error) {
	text, quoted := strings.CutPrefix(tag, `"`)
	cut := strings.LastIndexByte(text, '.')
	if !quoted || cut < 0 {
		return Of{}, fmt.Errorf("revision: %q is no tag of an answer", tag)
	}
	return Parse(text[:cut])
}

// Precondition is the states in which a row may be changed.
type Precondition struct {
	Any bool // whichever it is in, as long as it is there
	Of  []Of
}

type contextKey struct{}

// Require gives a context in which rows may only be changed in the states that p names.
func Require(ctx context.Context, p Precondition) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// Check is nil where a row in the state r may be changed, else a PreconditionFailed fault. A store calls it in the
// transaction of the change, with the row that it read there.
func Check(ctx context.Context, r Of) error {
	p, required := ctx.Value(contextKey{}).(Precondition)
	if !required || p.Any || r != (Of{}) && slices.Contains(p.Of, r) {
		return nil
	}
	return fault.New(fault.PreconditionFailed, "it has been changed since: read it again")
}
