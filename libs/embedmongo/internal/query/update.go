package query

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Update is a compiled update: a whole replacement document or a list of
// modifications by path.
type Update struct {
	replacement bsoncore.Document
	mods        []modification // sorted by path
	always      []modification // those that do not wait for an insert
	nesting     int            // the depth a document may get by this update
}

type modification struct {
	path     string
	parts    []string
	op       string
	value    bsoncore.Value
	onInsert bool
	change   func(old bsoncore.Value, found bool) (bsoncore.Value, error)
}

// ParseUpdate compiles an update document.
func ParseUpdate(v bsoncore.Value) (*Update, error) {
	if v.Type == bsoncore.TypeArray {
		return nil, mongoerr.New(mongoerr.NotImplemented, "pipeline-style updates are not supported")
	}
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return nil, mongoerr.New(mongoerr.FailedToParse, "Update argument must be either an object or an array")
	}
	u := &Update{}
	it := bsonraw.NewIter(v.Data)
	for first := true; it.Next(); first = false {
		name := string(it.Key)
		if !strings.HasPrefix(name, "$") {
			if first {
				return parseReplacement(v.Data)
			}
			return nil, mongoerr.New(
				mongoerr.FailedToParse,
				"Unknown modifier: %s. Expected a valid update modifier or pipeline-style update specified as an array",
				name,
			)
		}
		if err := u.parseOperator(name, it.Value); err != nil {
			return nil, err
		}
	}
	if len(u.mods) == 0 && len(v.Data) == 5 {
		u.replacement = v.Data
	}
	err := u.sortMods()
	for _, m := range u.mods {
		if !m.onInsert {
			u.always = append(u.always, m)
		}
	}
	return u, err
}

func parseReplacement(doc []byte) (*Update, error) {
	ids, unstamped := survey(doc)
	if ids > 1 {
		return nil, errTwoIDs()
	}
	it := bsonraw.NewIter(doc)
	for it.Next() {
		if len(it.Key) > 0 && it.Key[0] == '$' {
			return nil, mongoerr.New(
				mongoerr.DollarPrefixedFieldName,
				"The dollar ($) prefixed field '%s' in '%s' is not allowed in the context of an update's replacement document.",
				it.Key,
				it.Key,
			)
		}
	}
	if unstamped {
		doc = stamp(doc)
	}
	return &Update{replacement: doc, nesting: bsonraw.Depth(bsonraw.DocValue(doc))}, nil
}

// IsReplacement reports whether the update replaces the whole document.
func (u *Update) IsReplacement() bool { return u.replacement != nil }

func (u *Update) parseOperator(op string, v bsoncore.Value) error {
	if _, known := changes[op]; !known {
		return mongoerr.New(
			mongoerr.FailedToParse,
			"Unknown modifier: %s. Expected a valid update modifier or pipeline-style update specified as an array",
			op,
		)
	}
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return mongoerr.New(
			mongoerr.FailedToParse,
			"Modifiers operate on fields but we found type %s instead. For example: {$mod: {<field>: ...}} not {%s: %s}",
			v.Type,
			op,
			v.Type,
		)
	}
	it := bsonraw.NewIter(v.Data)
	for it.Next() {
		m := modification{path: string(it.Key), op: op, value: it.Value, onInsert: op == "$setOnInsert"}
		m.parts = SplitPath(m.path)
		for _, p := range m.parts {
			if p == "" {
				return mongoerr.New(
					56,
					"The update path '%s' contains an empty field name, which is not allowed.",
					m.path,
				)
			}
			if p[0] == '$' {
				return mongoerr.New(mongoerr.NotImplemented, "positional update path '%s' is not supported", m.path)
			}
		}
		var err error
		if m.change, err = changes[op](m.path, it.Value); err != nil {
			return err
		}
		u.mods = append(u.mods, m)
		u.nesting = max(u.nesting, len(m.parts)+1+bsonraw.Depth(m.value))
	}
	return nil
}

// sortMods puts the modifications into the order in which MongoDB creates
// fields and refuses two that touch the same path.
func (u *Update) sortMods() error {
	sort.SliceStable(u.mods, func(i, j int) bool { return lessPath(u.mods[i].parts, u.mods[j].parts) })
	for i := 1; i < len(u.mods); i++ {
		a, b := u.mods[i-1], u.mods[i]
		if a.path == b.path || strings.HasPrefix(b.path, a.path+".") {
			return mongoerr.New(
				mongoerr.ConflictingUpdate,
				"Updating the path '%s' would create a conflict at '%s'",
				b.path,
				a.path,
			)
		}
	}
	return nil
}

func lessPath(a, b []string) bool {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] == b[i] {
			continue
		}
		x, xok := arrayIndex(a[i])
		y, yok := arrayIndex(b[i])
		if xok && yok {
			return x < y
		}
		if xok != yok {
			return xok
		}
		return a[i] < b[i]
	}
	return len(a) < len(b)
}

// Apply makes the new version of a document. If it is not changed, the returned document is old itself.
func (u *Update) Apply(old bsoncore.Document) (doc bsoncore.Document, changed bool, err error) {
	id, _ := bsonraw.Lookup(old, "_id")
	if u.replacement != nil {
		doc = withID(u.replacement, id)
	} else if doc, err = modify(old, u.always); err != nil {
		return nil, false, err
	}
	newID, ok := bsonraw.Lookup(doc, "_id")
	same := ok && Compare(id, newID) == 0
	if u.replacement == nil { // a replacement may have the _id as a number of another type
		same = ok && id.Type == newID.Type && bytes.Equal(id.Data, newID.Data)
	}
	if !same {
		return nil, false, errImmutableID()
	}
	if bytes.Equal(doc, old) {
		return old, u.unsetsNull(old), nil
	}
	if u.nesting > bsonraw.MaxDepth {
		err = CheckDepth(doc)
	}
	return doc, true, cmp.Or(err, checkSize(doc))
}

func errImmutableID() error {
	return mongoerr.New(mongoerr.ImmutableField,
		"Performing an update on the path '_id' would modify the immutable field '_id'")
}

// unsetsNull reports whether the update unsets an element of an array that is null. MongoDB counts that as a change,
// although the element stays null.
func (u *Update) unsetsNull(doc bsoncore.Document) bool {
	for _, m := range u.always {
		last := len(m.parts) - 1
		if m.op != "$unset" || last == 0 {
			continue
		}
		array, _ := Get(doc, m.parts[:last])
		element, _ := Get(doc, m.parts)
		if array.Type == bsoncore.TypeArray && element.Type == bsoncore.TypeNull {
			return true
		}
	}
	return false
}

// Upsert makes the document an upsert inserts when its filter matched nothing.
func (u *Update) Upsert(f *Filter) (bsoncore.Document, error) {
	doc, err := u.inferred(f)
	if err != nil {
		return nil, err
	}
	id, hasID := bsonraw.Lookup(doc, "_id")
	if u.replacement != nil {
		doc = u.replacement
	} else if doc, err = modify(doc, u.mods); err != nil {
		return nil, err
	}
	newID, ok := bsonraw.Lookup(doc, "_id")
	switch {
	case ok && hasID && Compare(id, newID) != 0, !ok && hasID && u.replacement == nil:
		return nil, errImmutableID()
	case !ok && hasID:
		newID = id
	case !ok:
		newID = NewObjectID()
	}
	doc = withID(doc, newID)
	if len(doc) > bsonraw.MaxDocument {
		return nil, mongoerr.New(17420, "Document to upsert is larger than %d", bsonraw.MaxDocument)
	}
	return doc, CheckDepth(doc)
}

// inferred is the document an upsert starts from: what the filter demands to be
// equal, of which a replacement keeps the _id alone.
func (u *Update) inferred(f *Filter) (bsoncore.Document, error) {
	from := &Update{}
	for _, eq := range f.Equalities() {
		switch {
		case u.replacement != nil && eq.parts[0] == "_id" && len(eq.parts) > 1:
			return nil, mongoerr.New(111, "field at '_id' must be exactly specified, field at sub-path '%s' found", eq.Path)
		case u.replacement != nil && eq.Path != "_id":
			continue
		case slices.Contains(eq.parts, ""):
			return nil, mongoerr.New(mongoerr.IllegalOperation, "cannot upsert the path '%s' with an empty name", eq.Path)
		}
		m := modification{path: eq.Path, parts: eq.parts, op: "$set"}
		m.change = func(bsoncore.Value, bool) (bsoncore.Value, error) { return eq.Value, nil }
		from.mods = append(from.mods, m)
	}
	if err := from.sortMods(); err != nil {
		return nil, mongoerr.New(54, "cannot infer query fields to set: %v", err)
	}
	return modify(bsonraw.NewBuilder().Build(), from.mods)
}

// NewObjectID makes a fresh ObjectID value.
func NewObjectID() bsoncore.Value {
	oid := bson.NewObjectID()
	return bsoncore.Value{Type: bsoncore.TypeObjectID, Data: oid[:]}
}

func checkSize(doc []byte) error {
	if len(doc) > bsonraw.MaxDocument {
		return mongoerr.New(17419, "Resulting document after update is larger than %d", bsonraw.MaxDocument)
	}
	return nil
}

// withID puts _id in front unless the document has one there already.
func withID(doc []byte, id bsoncore.Value) bsoncore.Document {
	it := bsonraw.NewIter(doc)
	if it.Next() && string(it.Key) == "_id" {
		return doc
	}
	b := bsonraw.NewBuilder()
	if own, ok := bsonraw.Lookup(doc, "_id"); ok {
		id = own
	}
	b.Value("_id", id)
	for it = bsonraw.NewIter(doc); it.Next(); {
		if string(it.Key) != "_id" {
			b.Value(string(it.Key), it.Value)
		}
	}
	return b.Build()
}

func (m modification) apply(doc []byte) ([]byte, error) { return modify(doc, []modification{m}) }

func modify(doc []byte, mods []modification) ([]byte, error) {
	if len(mods) == 0 {
		return doc, nil
	}
	v, err := rewrite(bsonraw.DocValue(doc), mods, 0)
	return v.Data, err
}

// CheckDepth refuses a document that is nested too deeply to be stored.
func CheckDepth(doc []byte) error {
	if bsonraw.Depth(bsonraw.DocValue(doc)) > bsonraw.MaxDepth {
		return mongoerr.New(
			mongoerr.Overflow,
			"cannot store document because it exceeds %d levels of nesting",
			bsonraw.MaxDepth,
		)
	}
	return nil
}

func now() int64 { return time.Now().UnixMilli() }
