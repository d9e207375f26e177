package visitors

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// ImportRow is a visitor to import. Key is the importer's own name for them: importing it again finds the same visitor.
type ImportRow struct{ Key, Name string }

// Imported is a visitor that is there now, new or not.
type Imported struct {
	Key string
	ID  int64
}

// The most rows of one import, and the longest key, in bytes.
const (
	maxImport = 500
	maxKey    = 200
)

// importAttempts bounds how often an import begins again because another one, at the same time, had the same keys. Each
// time some of them are there.
const importAttempts = 4

// Import makes the visitors of the keys that were not imported before, all or none, and gives the numbers of all, in
// the order of rows.
func (s *Service) Import(ctx context.Context, t tenant.ID, rows []ImportRow) ([]Imported, error) {
	names, keys, err := distinct(rows)
	if err != nil {
		return nil, err
	}
	for range importAttempts {
		var ids map[string]int64
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

func (s *Service) importOnce(ctx context.Context, t tenant.ID, keys []string, names map[string]string) (map[string]int64, error) {
	ids := map[string]int64{}
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
	now := s.moment()
	var fresh []Visitor
	for _, key := range keys {
		if _, there := ids[key]; there {
			continue
		}
		v := newVisitor(t, next, newSecret(), now) // no browser has this visitor's token, so nobody learns the secret
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

// distinct gives the keys in order, each once, and their names; or an Invalid fault that names every member that is
// wrong.
func distinct(rows []ImportRow) (names map[string]string, keys []string, err error) {
	var wrong fault.Problems
	wrong.Check(len(rows) <= maxImport, "rows", "must be at most 500")
	names = make(map[string]string, len(rows))
	for i, r := range rows[:min(len(rows), maxImport)] {
		name := strings.TrimSpace(r.Name)
		wrong.Check(r.Key != "" && len(r.Key) <= maxKey, fmt.Sprintf("rows.%d.key", i), "must be 1 to 200 bytes")
		wrong.Check(utf8.RuneCountInString(name) <= maxName, fmt.Sprintf("rows.%d.name", i), "must be at most 100 characters")
		if _, again := names[r.Key]; !again {
			keys = append(keys, r.Key)
			names[r.Key] = name
		}
	}
	return names, keys, wrong.Err()
}
