package visitors_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/services/visitors"
)

// importing is the part of a store that an import needs. Each key listed in conflicts makes one call of Import fail, as
// if another import had stored it in the meantime.
type importing struct {
	visitors.Store
	next      id.Visitor
	there     map[string]id.Visitor
	conflicts []string
	stored    []string
}

func (s *importing) Reserve(_ context.Context, n int) (id.Visitor, error) {
	first := s.next
	s.next += id.Visitor(n)
	return first, nil
}

func (s *importing) Imported(_ context.Context, _ tenant.ID, keys []string) (map[string]id.Visitor, error) {
	ids := map[string]id.Visitor{}
	for _, k := range keys {
		if id, ok := s.there[k]; ok {
			ids[k] = id
		}
	}
	return ids, nil
}

func (s *importing) Import(_ context.Context, _ tenant.ID, rows []visitors.Visitor) error {
	if len(s.conflicts) > 0 {
		s.there[s.conflicts[0]] = 1000 + id.Visitor(len(s.conflicts))
		s.conflicts = s.conflicts[1:]
		return fault.New(fault.Conflict, "another import stored the key")
	}
	for _, v := range rows {
		s.stored = append(s.stored, v.ImportKey+"="+v.Name)
		s.there[v.ImportKey] = v.ID
	}
	return nil
}

func TestImportStoresNewKeysAndRetriesConflicts(t *testing.T) {
	t.Parallel()
	rows := visitors.ImportRows{
		{Key: "a", Name: "Ann"}, {Key: "b", Name: " "}, {Key: "a", Name: "again"}, {Key: "c", Name: "Cleo"},
	}
	for name, c := range map[string]struct {
		there     map[string]id.Visitor
		conflicts []string
		ids       []id.Visitor
		stored    int
		conflict  bool
	}{
		"all new":    {map[string]id.Visitor{}, nil, []id.Visitor{1, 2, 1, 3}, 3, false},
		"one exists": {map[string]id.Visitor{"b": 77}, nil, []id.Visitor{1, 77, 1, 2}, 2, false},
		"all exist": {
			map[string]id.Visitor{"a": 7, "b": 8, "c": 9}, nil, []id.Visitor{7, 8, 7, 9}, 0, false,
		},
		"concurrent import of one": {map[string]id.Visitor{}, []string{"b"}, []id.Visitor{4, 1001, 4, 5}, 2, false},
		"concurrent import of the rest": {
			map[string]id.Visitor{"a": 7, "c": 9}, []string{"b"}, []id.Visitor{7, 1001, 7, 9}, 0, false,
		},
		"conflict at every attempt": {map[string]id.Visitor{}, strings.Split("stuvwx", ""), nil, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &importing{next: 1, there: c.there, conflicts: c.conflicts}
			done, err := visitors.New(store, nil, nil, nil, nil, nil, time.Now).Import(t.Context(), tenant.ID{}, rows)
			if fault.Is(err, fault.Conflict) != c.conflict || (err != nil) != c.conflict || len(store.stored) != c.stored {
				t.Fatalf("%v, stored %v", err, store.stored)
			}
			for i, d := range done {
				if d.Key != rows[i].Key || d.ID != c.ids[i] {
					t.Errorf("row %d: %+v, want %s %d", i, d, rows[i].Key, c.ids[i])
				}
			}
		})
	}
}

func TestImportNamesVisitors(t *testing.T) {
	t.Parallel()
	store := &importing{next: 5, there: map[string]id.Visitor{}}
	_, err := visitors.New(store, nil, nil, nil, nil, nil, time.Now).Import(t.Context(), tenant.ID{},
		visitors.ImportRows{{Key: "a", Name: " Ann "}, {Key: "b"}})
	if want := []string{"a=Ann", "b=" + visitors.FriendlyName(6)}; err != nil || !slices.Equal(store.stored, want) {
		t.Errorf("%v, stored %v, want %v", err, store.stored, want)
	}
}

func TestInvalidImportListsWrongFields(t *testing.T) {
	t.Parallel()
	long := json.RawMessage(`"` + strings.Repeat("x", 17<<10) + `"`)
	for wrong, rows := range map[string]visitors.ImportRows{
		"rows.0.key":             {{Name: "a"}},
		"rows.1.key,rows.2.name": {{Key: "a"}, {Key: strings.Repeat("k", 209)}, {Key: "c", Name: strings.Repeat("n", 101)}},
		"rows.0.context":         {{Key: "a", Context: visitorcontext.Context{"text": long}}},
		"rows":                   slices.Repeat(visitors.ImportRows{{Key: "a"}}, 501),
	} {
		_, err := visitors.New(&importing{}, nil, nil, nil, nil, nil, time.Now).Import(t.Context(), tenant.ID{}, rows)
		if got := fieldsOf(err); got != wrong {
			t.Errorf("wrong = %q, want %q", got, wrong)
		}
	}
	done, err := visitors.New(&importing{}, nil, nil, nil, nil, nil, time.Now).Import(t.Context(), tenant.ID{}, nil)
	if len(done) != 0 || err != nil {
		t.Errorf("an empty import: %v, %v", done, err)
	}
}
