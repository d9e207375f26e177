package export

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

	"fivechat.dev/libs/events"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/paging"
	"fivechat.dev/libs/tenant"
)

// shop is a table and its log. What commits gets its position later.
type shop struct {
	rows    map[int64]state
	clock   int64
	waiting []events.Record // committed, not yet placed
	log     []events.Record
	removed int64 // records that are no longer kept
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

func (s *shop) commit(keys ...int64) {
	b, _ := json.Marshal(keys)
	s.waiting = append(s.waiting, events.Record{Website: mine, Data: string(b)})
}

// place gives what waits its positions, in any order.
func (s *shop) place() {
	rand.Shuffle(len(s.waiting), func(i, j int) { s.waiting[i], s.waiting[j] = s.waiting[j], s.waiting[i] })
	for _, r := range s.waiting {
		r.Pos = int64(len(s.log)) + 1
		s.log = append(s.log, r)
	}
	s.waiting = nil
}

// put changes rows in one transaction. The clocks of writers do not agree.
func (s *shop) put(skew int64, ids ...int64) {
	s.clock += 10
	for _, id := range ids {
		s.rows[id] = state{id, s.rows[id].Version + 1, max(s.clock+skew, 1)}
	}
	s.commit(ids...)
}

func (s *shop) drop(id int64) {
	delete(s.rows, id)
	s.commit(id)
}

func (s *shop) Head(context.Context) (int64, error) { return int64(len(s.log)), nil }

func (s *shop) After(context.Context, int64, int64) ([]events.Record, error) {
	panic("an export reads what is one website's")
}

func (s *shop) Of(_ context.Context, t tenant.ID, pos, limit int64) (found []events.Record, _ error) {
	for _, r := range s.log[max(pos, s.removed):] {
		if int64(len(found)) < limit && r.Website == t {
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *shop) Keeps(_ context.Context, pos int64) (bool, error) {
	return pos >= s.removed && pos <= int64(len(s.log)), nil
}

func (s *shop) kind() Kind {
	give := func(r state) Row { return Row{r.ID, time.UnixMilli(r.At), r.ID, r} }
	return Kind{
		Name: "things", Log: s,
		Walk: func(_ context.Context, _ tenant.ID, behind paging.Cursor, limit int64) (rows []Row, _ error) {
			for _, r := range s.rows {
				if at := behind.At.UnixMilli(); r.At > at || r.At == at && r.ID > behind.ID {
					rows = append(rows, give(r))
				}
			}
			slices.SortFunc(rows, func(a, b Row) int {
				if c := a.At.Compare(b.At); c != 0 {
					return c
				}
				return int(a.ID - b.ID)
			})
			return rows[:min(int(limit), len(rows))], nil
		},
		Keys: func(r events.Record) (keys []int64, err error) { return keys, r.Decode(&keys) },
		ByKeys: func(_ context.Context, _ tenant.ID, keys []int64) (rows []Row, _ error) {
			for _, key := range keys {
				if r, there := s.rows[key]; there {
					rows = append(rows, give(r))
				}
			}
			return rows, nil
		},
		Gone: func(key int64) any { return map[string]any{"deleted": true, "ID": key} },
	}
}

// reader is who follows.
type reader struct {
	cursor string
	has    map[int64]state
	lines  int
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
		if row.Deleted {
			delete(r.has, row.ID)
		} else {
			r.has[row.ID] = row.state
		}
	}
	r.cursor = e.Cursor
	return e
}

func (r *reader) toTheEnd(t *testing.T, k Kind, limit Limit) {
	t.Helper()
	for range 10_000 {
		if r.next(t, k, limit).EndOfStream {
			return
		}
	}
	t.Fatal("it has no end")
}

func newShop() (*shop, *reader) {
	return &shop{rows: map[int64]state{}}, &reader{has: map[int64]state{}}
}

func TestNothingIsLostWhateverHappensBetween(t *testing.T) {
	t.Parallel()
	for range 300 {
		s, r := newShop()
		k, limit := s.kind(), Limit(1+rand.Int64N(5))
		for range 200 {
			id := 1 + rand.Int64N(20)
			switch rand.IntN(6) {
			case 0, 1:
				s.put(rand.Int64N(200)-100, id)
			case 2:
				s.put(rand.Int64N(200)-100, 100+id, 101+id, 102+id)
			case 3:
				s.drop(id)
			case 4:
				s.place()
			default:
				r.next(t, k, limit)
			}
		}
		s.place()
		r.toTheEnd(t, k, limit)
		if fmt.Sprint(r.has) != fmt.Sprint(s.rows) {
			t.Fatalf("limit %d: has %v, want %v", limit, r.has, s.rows)
		}
		given := r.lines
		if r.toTheEnd(t, k, limit); r.lines != given {
			t.Fatalf("%d lines came again", r.lines-given)
		}
	}
}

func TestEachStateComesOnceBehindTheWalk(t *testing.T) {
	t.Parallel()
	s, r := newShop()
	for id := range int64(250) {
		s.put(0, id+1)
	}
	s.place()
	r.toTheEnd(t, s.kind(), 0)
	if r.lines != 250 {
		t.Fatalf("%d lines of 250 rows", r.lines)
	}
	s.put(0, 3)
	s.put(0, 3)
	s.drop(4)
	s.place()
	if r.toTheEnd(t, s.kind(), 0); r.lines != 252 || r.has[3].Version != 3 {
		t.Errorf("%d lines, has %v", r.lines, r.has[3])
	}
}

func TestAfterAGapEverythingComesAgain(t *testing.T) {
	t.Parallel()
	s, r := newShop()
	s.put(0, 1, 2)
	s.place()
	r.toTheEnd(t, s.kind(), 0)
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

func TestSinceLeavesOutWhatIsOlder(t *testing.T) {
	t.Parallel()
	s, _ := newShop()
	s.put(0, 1)
	s.put(0, 2)
	s.place()
	b, err := s.kind().Next(t.Context(), mine, Request{Since: paging.Moment(time.UnixMilli(20))})
	if err != nil || strings.Count(string(b), "\n") != 2 || !strings.Contains(string(b), `"ID":2`) {
		t.Errorf("%s %v", b, err)
	}
}

func TestALargeAnswerEndsEarly(t *testing.T) {
	t.Parallel()
	s, _ := newShop()
	s.put(0, 1, 2, 3)
	s.place()
	k, text := s.kind(), strings.Repeat("x", maxBytes)
	walk := k.Walk
	k.Walk = func(ctx context.Context, t tenant.ID, behind paging.Cursor, limit int64) ([]Row, error) {
		rows, err := walk(ctx, t, behind, limit)
		for i := range rows {
			rows[i].View = text
		}
		return rows, err
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

func TestCursorsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	good, err := begin("things", mine, 0, 7).String()
	if err != nil {
		t.Fatal(err)
	}
	foreign, _ := begin("others", mine, 0, 7).String()
	negative, _ := begin("things", mine, 0, -7).String()
	their, _ := begin("things", theirs, 0, 7).String()
	for _, text := range []string{foreign, negative, their, good + "A", good[1:], "e30", "?"} {
		if _, err := parse(text, "things", mine); !fault.Is(err, fault.Invalid) || !strings.Contains(fmt.Sprint(err), "cursor") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if c, err := parse(good, "things", mine); err != nil || c.Pos != 7 || !c.Walking {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"1": 1, "1000": 1000, "5000": 1000, "0": 0, "-1": 0, "many": 0} {
		var l Limit
		if err := l.UnmarshalText([]byte(text)); (err != nil) != (want == 0) || int64(l) != want {
			t.Errorf("%s: %d %v", text, l, err)
		}
	}
}
