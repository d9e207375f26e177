package query

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// A $set by position may not grow an array without bound.
const maxArrayPadding = 1500000

// branch is the modifications that lead through one element of a container.
type branch struct {
	name string
	mods []modification
	made bool
}

// branches are the elements that sorted modifications lead through at a depth.
func branches(mods []modification, depth int) []branch {
	var out []branch
	for from := 0; from < len(mods); {
		to, name := from+1, mods[from].parts[depth]
		for to < len(mods) && mods[to].parts[depth] == name {
			to++
		}
		out = append(out, branch{name: name, mods: mods[from:to]})
		from = to
	}
	return out
}

// positions makes the names of branches that lead through an array those of its elements: "01" is the position 1.
func positions(list []branch) error {
	changed := false
	for i := range list {
		g := &list[i]
		trimmed := strings.TrimLeft(g.name, "0")
		if trimmed == "" {
			trimmed = "0"
		}
		if _, ok := arrayIndex(trimmed); ok && trimmed != g.name {
			g.name, changed = trimmed, true
		}
	}
	if !changed {
		return nil
	}
	slices.SortFunc(list, func(a, b branch) int {
		x, _ := arrayIndex(a.name)
		y, _ := arrayIndex(b.name)
		return cmp.Compare(x, y)
	})
	for i := 1; i < len(list); i++ {
		if list[i].name == list[i-1].name {
			return mongoerr.New(mongoerr.ConflictingUpdate, "two paths lead to the position %s", list[i].name)
		}
	}
	return nil
}

// finder looks branches up by name, through a map when there are many.
func finder(list []branch) func(name []byte) *branch {
	if len(list) <= 8 {
		return func(name []byte) *branch {
			for i := range list {
				if list[i].name == string(name) {
					return &list[i]
				}
			}
			return nil
		}
	}
	byName := make(map[string]*branch, len(list))
	for i := range list {
		byName[list[i].name] = &list[i]
	}
	return func(name []byte) *branch { return byName[string(name)] }
}

// rewrite returns a container (a document or an array) with the modifications
// made below it, in one pass that copies what lies between them unchanged. The
// modifications are sorted and share the names before depth.
func rewrite(container bsoncore.Value, mods []modification, depth int) (bsoncore.Value, error) {
	isArray := container.Type == bsoncore.TypeArray
	list := branches(mods, depth)
	if isArray {
		if err := positions(list); err != nil {
			return container, err
		}
	}
	find := finder(list)
	start, out := bsoncore.ReserveLength(make([]byte, 0, len(container.Data)+64))
	n := 0
	for it := bsonraw.NewIter(container.Data); it.Next(); n++ {
		v := it.Value
		if g := find(it.Key); g != nil && !g.made {
			g.made = true
			var err error
			if v, err = g.change(it.Value, true, depth); err != nil {
				return container, err
			}
			if v.Type == 0 && isArray {
				v = bsonraw.Null() // removing an element keeps the others in place
			}
		}
		if v.Type != 0 {
			out = bsoncore.AppendValueElement(out, string(it.Key), v)
		}
	}
	for i := range list {
		g := &list[i]
		if g.made {
			continue
		}
		if err := g.checkPosition(isArray); err != nil {
			return container, err
		}
		v, err := g.change(bsoncore.Value{}, false, depth)
		if err != nil {
			return container, err
		}
		if v.Type == 0 {
			continue
		}
		if isArray {
			if out, n, err = pad(out, g.name, n); err != nil {
				return container, err
			}
		}
		if out = bsoncore.AppendValueElement(out, g.name, v); len(out) > bsonraw.MaxDocument {
			return container, checkSize(out)
		}
	}
	out, _ = bsoncore.AppendDocumentEnd(out, start)
	return bsoncore.Value{Type: container.Type, Data: out}, nil
}

// change is the new value of the branch's element: the changed leaf, or the
// rewritten container below it. The zero Value removes the element.
func (g *branch) change(old bsoncore.Value, found bool, depth int) (bsoncore.Value, error) {
	if m := &g.mods[0]; len(m.parts) == depth+1 {
		return m.change(old, found)
	}
	switch {
	case old.Type == bsoncore.TypeEmbeddedDocument || old.Type == bsoncore.TypeArray:
		return rewrite(old, g.mods, depth+1)
	case g.removesOnly("$unset"), !found && g.removesOnly("$unset", "$pull"):
		return old, nil
	case found:
		return old, mongoerr.New(
			mongoerr.PathNotViable,
			"Cannot create field '%s' in element {%s: %s}",
			g.mods[0].parts[depth+1],
			g.name,
			old,
		)
	}
	return rewrite(bsonraw.DocValue(bsonraw.NewBuilder().Build()), g.mods, depth+1)
}

// removesOnly reports whether the branch holds none but some operators, which
// create nothing.
func (g *branch) removesOnly(ops ...string) bool {
	for _, m := range g.mods {
		known := false
		for _, op := range ops {
			known = known || m.op == op
		}
		if !known {
			return false
		}
	}
	return true
}

// checkPosition refuses a name that is no position in an array.
func (g *branch) checkPosition(isArray bool) error {
	if _, ok := arrayIndex(g.name); ok || !isArray || g.removesOnly("$unset") {
		return nil
	}
	return mongoerr.New(mongoerr.PathNotViable, "Cannot create field '%s' in element of type array", g.name)
}

// pad fills an array of n elements with nulls up to the position that is about
// to be set, and returns the length the array will have.
func pad(out []byte, name string, n int) ([]byte, int, error) {
	position, _ := arrayIndex(name)
	if position-n > maxArrayPadding {
		return nil, 0, mongoerr.New(
			mongoerr.BadValue,
			"can't backfill more than %d elements of an array",
			maxArrayPadding,
		)
	}
	for ; n < position; n++ {
		out = bsoncore.AppendNullElement(out, strconv.Itoa(n))
	}
	return out, position + 1, nil
}
