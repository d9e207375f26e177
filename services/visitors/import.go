package visitors

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// ImportRow is a visitor to import. Key is the importer's own id for them: importing it again returns the same visitor.
type ImportRow struct{ Key, Name string }

// ImportRows are the rows of one import.
type ImportRows []ImportRow

// Validate returns an Invalid fault that lists every wrong field.
func (rows ImportRows) Validate() error {
	var wrong fault.Problems
	wrong.Check(len(rows) <= maxImport, "rows", "must be at most 500")
	for i, r := range rows[:min(len(rows), maxImport)] {
		wrong.Check(r.Key != "" && len(r.Key) <= maxKey, fmt.Sprintf("rows.%d.key", i), "must be 1 to 200 bytes")
		wrong.Check(utf8.RuneCountInString(strings.TrimSpace(r.Name)) <= maxName, fmt.Sprintf("rows.%d.name", i),
			"must be at most 100 characters")
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
	maxKey    = 200
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
	names, keys := rows.distinct()
	for range importAttempts {
		var ids map[string]id.Visitor
		if ids, err = s.importOnce(ctx, t, keys, names); err == nil {
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

func (s *Service) importOnce(
	ctx context.Context, t tenant.ID, keys []string, names map[string]string,
) (map[string]id.Visitor, error) {
	ids := map[string]id.Visitor{}
	if len(keys) == 0 {
		return ids, nil
	}
	ids, err := s.store.Imported(ctx, t, keys)
	if err != nil || len(ids) == len(keys) {
		return ids, err
	}
	next, err := s.store.Reserve(ctx, len(keys)-len(ids))
	if err != nil {
		return nil, err
	}
	now := s.now()
	var fresh []Visitor
	for _, key := range keys {
		if _, there := ids[key]; there {
			continue
		}
		v := newVisitor(t, next, newSecret(), now) // the secret is never used: no browser has this visitor's token
		v.ImportKey = key
		if names[key] != "" {
			v.Name = names[key]
		}
		fresh = append(fresh, v)
		ids[key] = v.ID
		next++
	}
	return ids, s.store.Import(ctx, t, fresh)
}

// distinct returns the keys in order, each once, and their names.
func (rows ImportRows) distinct() (names map[string]string, keys []string) {
	names = make(map[string]string, len(rows))
	for _, r := range rows {
		if _, again := names[r.Key]; !again {
			keys = append(keys, r.Key)
			names[r.Key] = strings.TrimSpace(r.Name)
		}
	}
	return names, keys
}
