package changefeed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
)

// fakeStore is a table and its log. Committed records get their positions later.
type fakeStore struct {
	rows        map[int64]state
	clock       int64
	waiting     []outbox.Record // committed, without a position
	log         []outbox.Record
	removed     int64 // records that are no longer kept
	owned       bool  // records concern owners
	dropped     map[int64]bool
	interleaved func() // runs between reading rows and reading the log
}

type state struct{ ID, Version, At int64 }

var mine, theirs = website(1), website(2)

func website(n int64) tenant.ID {
	t, err := tenant.New(n)
	if err != nil {
		panic(err)
	}
	return t
}

// commit stores a record about key that concerns keys.
func (s *fakeStore) commit(key int64, keys ...int64) {
	b, _ := json.Marshal(keys)
	s.waiting = append(s.waiting, outbox.Record{Website: mine, Key: key, Data: string(b)})
}

// place gives the waiting records their positions, in a random order that keeps the order of each key.
func (s *fakeStore) place() {
	byKey := map[int64][]outbox.Record{}
	for _, r := range s.waiting {
		byKey[r.Key] = append(byKey[r.Key], r)
	}
	rand.Shuffle(len(s.waiting), func(i, j int) { s.waiting[i], s.waiting[j] = s.waiting[j], s.waiting[i] })
	for _, w := range s.waiting {
		r := byKey[w.Key][0]
		byKey[w.Key] = byKey[w.Key][1:]
		r.Pos = int64(len(s.log)) + 1
		s.log = append(s.log, r)
	}
	s.waiting = nil
}

// put changes rows in one transaction. The clocks of writers differ by skew.
func (s *fakeStore) put(skew int64, ids ...int64) {
	s.clock += 10
	for _, id := range ids {
		s.rows[id] = state{id, s.rows[id].Version + 1, max(s.clock+skew, 1)}
	}
	switch {
	case s.owned:
		s.commit(ownerOf(ids[0]), ids...)
	case len(ids) > 1:
		s.commit(outbox.Many, ids...)
	default:
		s.commit(ids[0], ids...)
	}
}

func (s *fakeStore) drop(id int64) {
	delete(s.rows, id)
	s.dropped[id] = true
	s.commit(id, id)
}

// An owner has ten rows.
func ownerOf(id int64) int64 { return id / 10 }

// fill creates rows of an owner without rows. One record concerns them all.
func (s *fakeStore) fill(owner int64) {
	s.clock += 10
	for i := range int64(3) {
		s.rows[owner*10+i] = state{owner*10 + i, 1, s.clock}
	}
	s.commit(outbox.Many, -owner)
}

// eraseOwner removes all rows of an owner, and redacts the records about it.
func (s *fakeStore) eraseOwner(owner int64) {
	for i := range int64(10) {
		delete(s.rows, owner*10+i)
	}
	for _, all := range [][]outbox.Record{s.waiting, s.log} {
		for i, r := range all {
			if r.Key == owner {
				all[i].Key, all[i].Erased, all[i].Data = 0, true, "{}"
			}
		}
	}
	s.commit(owner, -owner)
}

func (s *fakeStore) Later(
	_ context.Context,
	t tenant.ID,
	keys []int64,
	pos int64,
	take func([]outbox.Record) error,
) error {
	for _, r := range slices.Concat(s.waiting, s.log) {
		if r.Website == t && slices.Contains(keys, r.Key) && (r.Pos == 0 || r.Pos > pos) {
			if err := take([]outbox.Record{r}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *fakeStore) Head(context.Context) (int64, error) { return int64(len(s.log)), nil }

func (s *fakeStore) After(context.Context, int64, int64) ([]outbox.Record, error) {
	panic("an export must read the records of one website")
}

func (s *fakeStore) Of(_ context.Context, t tenant.ID, pos, limit int64) (found []outbox.Record, _ error) {
	for _, r := range s.log[max(pos, s.removed):] {
		if int64(len(found)) < limit && r.Website == t {
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *fakeStore) Keeps(_ context.Context, pos int64) (bool, error) {
	return pos >= s.removed && pos <= int64(len(s.log)), nil
}

func (s *fakeStore) kind() Kind {
	toRow := func(r state) Row { return Row{r.ID, time.UnixMilli(r.At), r.ID, r} }
	k := Kind{
		Name: "things", Log: s,
		Walk: func(_ context.Context, _ tenant.ID, after paging.Cursor, limit int64) (rows []Row, more bool, _ error) {
			for _, r := range s.rows {
				if at := after.At.UnixMilli(); r.At > at || r.At == at && r.ID > after.ID {
					rows = append(rows, toRow(r))
				}
			}
			slices.SortFunc(rows, func(a, b Row) int {
				if c := a.At.Compare(b.At); c != 0 {
					return c
				}
				return int(a.ID - b.ID)
			})
			s.interleave()
			n := min(int(limit), len(rows))
			if n > 1 && rand.IntN(3) == 0 { // a read ends early if rows have many bytes
				n--
			}
			return rows[:n], n < len(rows), nil
		},
		Keys: func(r outbox.Record) (keys []Key, err error) {
			var numbers []int64
			err = r.Decode(&numbers)
			for _, n := range numbers {
				if n < 0 {
					keys = append(keys, AllOf(-n))
				} else {
					keys = append(keys, RowKey(n))
				}
			}
			return keys, err
		},
		ByKeys: func(_ context.Context, _ tenant.ID, keys []int64) (rows []Row, cut bool, _ error) {
			for _, r := range s.rows {
				if slices.Contains(keys, r.ID) {
					rows = append(rows, toRow(r))
				}
			}
			s.interleave()
			return rows, len(keys) > 1 && rand.IntN(3) == 0, nil
		},
		Below: func(_ context.Context, _ tenant.ID, owner, after, limit int64) (rows []Row, more bool, _ error) {
			for _, r := range s.rows {
				if ownerOf(r.ID) == owner && r.ID > after {
					rows = append(rows, toRow(r))
				}
			}
			slices.SortFunc(rows, func(a, b Row) int { return int(a.ID - b.ID) })
			s.interleave()
			n := min(int(limit), len(rows), 1+rand.IntN(3))
			return rows[:n], n < len(rows), nil
		},
		Gone:    func(row int64) any { return map[string]any{"deleted": true, "ID": row} },
		GoneAll: func(owner int64) any { return map[string]any{"deleted": true, "ID": -owner} },
	}
	if s.owned {
		k.Owner = ownerOf
	}
	return k
}

func (s *fakeStore) interleave() {
	if s.interleaved != nil {
		s.interleaved()
	}
}

// reader is a client that follows the export.
type reader struct {
	cursor string
	has    map[int64]state
	lines  int
	seen   map[string]bool // lines
}

func (r *reader) next(t *testing.T, k Kind, limit Limit) (e end) {
	t.Helper()
	b, err := k.Next(t.Context(), mine, Request{Cursor: r.cursor, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &e); err != nil {
		t.Fatal(err)
	}
	if e.Restarted {
		clear(r.has)
		clear(r.seen)
	}
	for _, line := range lines[:len(lines)-1] {
		var row struct {
			state
			Deleted bool
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		r.lines++
		if r.seen[string(line)] {
			t.Fatalf("%s is returned again", line)
		}
		r.seen[string(line)] = true
		if row.Deleted && row.ID < 0 {
			for i := range int64(10) {
				delete(r.has, -row.ID*10+i)
			}
		} else if row.Deleted {
			delete(r.has, row.ID)
		} else {
			r.has[row.ID] = row.state
		}
	}
	r.cursor = e.Cursor
	return e
}

func (r *reader) readToEnd(t *testing.T, k Kind, limit Limit) {
	t.Helper()
	for range 10_000 {
		if r.next(t, k, limit).EndOfStream {
			return
		}
	}
	t.Fatal("the export doesn't end")
}

func newFakeStore() (*fakeStore, *reader) {
	store := &fakeStore{rows: map[int64]state{}, dropped: map[int64]bool{}}
	return store, &reader{has: map[int64]state{}, seen: map[string]bool{}}
}

func TestEveryStateIsReturnedOnce(t *testing.T) {
	t.Parallel()
	for range 150 {
		s, r := newFakeStore()
		next := int64(20)
		s.checkConvergence(t, r, func() {
			id := 1 + rand.Int64N(next)
			_, exists := s.rows[id]
			switch rand.IntN(5) {
			case 0: // an import of new rows
				s.put(rand.Int64N(200)-100, next+1, next+2, next+3)
				next += 3
			case 1:
				if exists {
					s.drop(id)
				}
			default:
				if exists || id < 20 && !s.dropped[id] { // a dropped row isn't created again
					s.put(rand.Int64N(200)-100, id)
				}
			}
		})
	}
}

func TestEveryStateOfAnOwnersRowsIsReturnedOnce(t *testing.T) {
	t.Parallel()
	for range 150 {
		s, r := newFakeStore()
		s.owned = true
		next := int64(0)
		s.checkConvergence(t, r, func() {
			owner := 1 + rand.Int64N(max(next, 1))
			some := slices.DeleteFunc(
				[]int64{owner * 10, owner*10 + 1, owner*10 + 2, owner*10 + 7},
				func(id int64) bool { return s.rows[id].ID == 0 },
			)
			switch {
			case next == 0 || rand.IntN(4) == 0: // an erased owner isn't created again
				next++
				s.fill(next)
			case len(some) == 0:
			case rand.IntN(5) == 0:
				s.eraseOwner(owner)
			case rand.IntN(3) == 0:
				s.put(rand.Int64N(200)-100, owner*10+7)
			default:
				s.put(rand.Int64N(200)-100, some[:1+rand.IntN(len(some))]...)
			}
		})
	}
}

// checkConvergence makes random changes, also while a response is built. In the end the reader must have the rows of
// the store, and get nothing twice.
func (s *fakeStore) checkConvergence(t *testing.T, r *reader, change func()) {
	t.Helper()
	k, limit := s.kind(), Limit(1+rand.Int64N(5))
	s.interleaved = func() {
		for rand.IntN(3) == 0 {
			if change(); rand.IntN(2) == 0 {
				s.place()
			}
		}
	}
	for range 200 {
		switch rand.IntN(6) {
		case 0, 1, 2:
			change()
		case 3:
			s.place()
		default:
			r.next(t, k, limit)
		}
	}
	s.interleaved = nil
	s.place()
	r.readToEnd(t, k, limit)
	if fmt.Sprint(r.has) != fmt.Sprint(s.rows) {
		t.Fatalf("limit %d: has %v, want %v", limit, r.has, s.rows)
	}
	before := r.lines
	if r.readToEnd(t, k, limit); r.lines != before {
		t.Fatalf("%d lines are returned again", r.lines-before)
	}
}

func TestLogReturnsEachStateOnceAfterTheWalk(t *testing.T) {
	t.Parallel()
	s, r := newFakeStore()
	for id := range int64(250) {
		s.put(0, id+1)
	}
	s.place()
	r.readToEnd(t, s.kind(), 0)
	if r.lines != 250 {
		t.Fatalf("%d lines of 250 rows", r.lines)
	}
	s.put(0, 3)
	s.put(0, 3)
	s.drop(4)
	s.place()
	if r.readToEnd(t, s.kind(), 0); r.lines != 252 || r.has[3].Version != 3 {
		t.Errorf("%d lines, has %v", r.lines, r.has[3])
	}
}

func TestExportRestartsAfterAGapInTheLog(t *testing.T) {
	t.Parallel()
	s, r := newFakeStore()
	s.put(0, 1)
	s.put(0, 2)
	s.place()
	r.readToEnd(t, s.kind(), 0)
	s.drop(1)
	s.place()
	s.removed = int64(len(s.log))
	if e := r.next(t, s.kind(), 0); !e.Restarted || len(r.has) != 1 {
		t.Errorf("%+v, has %v", e, r.has)
	}
	if e := r.next(t, s.kind(), 0); e.Restarted || !e.EndOfStream {
		t.Errorf("%+v", e)
	}
}

func TestSinceOmitsOlderRows(t *testing.T) {
	t.Parallel()
	s, _ := newFakeStore()
	s.put(0, 1)
	s.put(0, 2)
	s.place()
	b, err := s.kind().Next(t.Context(), mine, Request{Since: paging.Moment(time.UnixMilli(20))})
	if err != nil || strings.Count(string(b), "\n") != 2 || !strings.Contains(string(b), `"ID":2`) {
		t.Errorf("%s %v", b, err)
	}
}

func TestResponsesEndAtTheirByteLimit(t *testing.T) {
	t.Parallel()
	s, _ := newFakeStore()
	s.put(0, 1, 2, 3)
	s.place()
	k, text := s.kind(), strings.Repeat("x", maxBytes)
	walk := k.Walk
	k.Walk = func(ctx context.Context, t tenant.ID, after paging.Cursor, limit int64) ([]Row, bool, error) {
		rows, more, err := walk(ctx, t, after, limit)
		for i := range rows {
			rows[i].View = text
		}
		return rows, more, err
	}
	req, got := Request{}, 0
	for ended := false; !ended; {
		b, err := k.Next(t.Context(), mine, req)
		if err != nil || len(b) > 2*maxBytes {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
		var e end
		if err := json.Unmarshal(lines[len(lines)-1], &e); err != nil {
			t.Fatal(err)
		}
		got, req.Cursor, ended = got+len(lines)-1, e.Cursor, e.EndOfStream
	}
	if got != 3 {
		t.Errorf("%d rows of 3", got)
	}
}

// TestRecordOfManyRowsSpansResponses: one record about all rows of an owner exceeds a response.
func TestRecordOfManyRowsSpansResponses(t *testing.T) {
	t.Parallel()
	s, r := newFakeStore()
	s.owned = true
	k := s.kind()
	r.readToEnd(t, k, 1)
	s.fill(1)
	s.fill(2)
	s.place()
	for want := 1; want <= 6; want++ {
		if r.next(t, k, 1); r.lines != want {
			t.Fatalf("%d lines after %d responses of one row", r.lines, want)
		}
	}
	s.eraseOwner(1)
	s.place()
	if r.readToEnd(t, k, 1); len(r.has) != 3 || r.lines != 7 {
		t.Errorf("%d lines, has %v", r.lines, r.has)
	}
}

func TestForeignCursorsAreRefused(t *testing.T) {
	t.Parallel()
	good, err := begin("things", mine, 0, 7).String()
	if err != nil {
		t.Fatal(err)
	}
	foreign, _ := begin("others", mine, 0, 7).String()
	negative, _ := begin("things", mine, 0, -7).String()
	their, _ := begin("things", theirs, 0, 7).String()
	for _, text := range []string{foreign, negative, their, good + "A", good[1:], "e30", "?"} {
		if _, err := parse(text, "things", mine); !fault.Is(err, fault.Invalid) ||
			!strings.Contains(fmt.Sprint(err), "cursor") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if c, err := parse(good, "things", mine); err != nil || c.Pos != 7 || !c.Walking {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestLimitIsBounded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"1": 1, "1000": 1000, "5000": 1000, "0": 0, "-1": 0, "many": 0} {
		var l Limit
		if err := l.UnmarshalText([]byte(text)); (err != nil) != (want == 0) || int64(l) != want {
			t.Errorf("%s: %d %v", text, l, err)
		}
	}
}
