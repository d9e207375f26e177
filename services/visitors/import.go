package visitors

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/visitorcontext"
)

// ImportRow is a visitor to import. Key is the importer's own id for them: importing it again returns the same visitor,
// as it is.
type ImportRow struct {
	Key     string
	Name    string // "" for a friendly one
	Context visitorcontext.Context
}

// ImportRows are the rows of one import.
type ImportRows []ImportRow

// Validate returns an Invalid fault that lists every wrong field.
func (rows ImportRows) Validate() error {
	var wrong fault.Problems
	wrong.Check(len(rows) <= maxImport, "rows", "must be at most 500")
	for i, r := range rows[:min(len(rows), maxImport)] {
		wrong.Check(r.Key != "" && len(r.Key) <= maxKey, fmt.Sprintf("rows.%d.key", i), "must be 1 to 208 bytes")
		wrong.Check(utf8.RuneCountInString(strings.TrimSpace(r.Name)) <= maxName, fmt.Sprintf("rows.%d.name", i),
			"must be at most 100 characters")
		_, problem := visitorcontext.Merge(visitorcontext.Empty, r.Context)
		wrong.Check(problem == "", fmt.Sprintf("rows.%d.context", i), problem)
	}
	return wrong.Err()
}

// Imported is the visitor of an imported row, new or not.
type Imported struct {
	Key string
	ID  id.Visitor
}

// The maximum number of rows in one import, and the maximum length of a key in bytes.
const (
	maxImport = 500
	maxKey    = 208 // those of conversations with a prefix
)

// importAttempts limits how often an import is retried because a concurrent one has stored some of the same keys. Each
// attempt finds the keys that exist by then.
const importAttempts = 4

// Import creates the visitors of keys that haven't been imported before, all or none. It returns the visitors of all
// rows, in their order.
func (s *Service) Import(ctx context.Context, t tenant.ID, rows ImportRows) (_ []Imported, err error) {
	if err := rows.Validate(); err != nil {
		return nil, err
	}
	distinct := rows.distinct()
	for range importAttempts {
		var ids map[string]id.Visitor
		if ids, err = s.importOnce(ctx, t, distinct); err == nil {
			done := make([]Imported, len(rows))
			for i, r := range rows {
				done[i] = Imported{r.Key, ids[r.Key]}
			}
			return done, nil
		}
		if !fault.Is(err, fault.Conflict) {
			return nil, err
		}
	}
	return nil, err
}

// importOnce imports rows whose keys differ. It returns the visitors of their keys.
func (s *Service) importOnce(ctx context.Context, t tenant.ID, rows ImportRows) (map[string]id.Visitor, error) {
	if len(rows) == 0 {
		return map[string]id.Visitor{}, nil
	}
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	ids, err := s.store.Imported(ctx, t, keys)
	if err != nil || len(ids) == len(rows) {
		return ids, err
	}
	next, err := s.store.Reserve(ctx, len(rows)-len(ids))
	if err != nil {
		return nil, err
	}
	now := s.now()
	var fresh []Visitor
	for _, r := range rows {
		if _, there := ids[r.Key]; there {
			continue
		}
		fresh = append(fresh, r.build(t, next, now))
		ids[r.Key] = next
		next++
	}
	return ids, s.store.Import(ctx, t, fresh)
}

// build creates the visitor of a valid row. The secret is never used: no browser has this visitor's token.
func (r ImportRow) build(t tenant.ID, number id.Visitor, now time.Time) Visitor {
	v := newVisitor(t, number, newSecret(), now)
	v.ImportKey, v.Context = r.Key, visitorcontext.Written(r.Context)
	if name := strings.TrimSpace(r.Name); name != "" {
		v.Name = name
	}
	return v
}

// distinct returns the first row of each key, in order.
func (rows ImportRows) distinct() (all ImportRows) {
	seen := make(map[string]bool, len(rows))
	for _, r := range rows {
		if !seen[r.Key] {
			seen[r.Key] = true
			all = append(all, r)
		}
	}
	return all
}
