package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// asked is how often each request is sent, and for how long at most.
const (
	asked     = 1_000
	askedFor  = 20 * time.Second
	recounted = 2_000_000 // messages of a website up to which a recount is measured
)

// setting returns a number from the environment.
func setting(name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// BenchmarkGrowth stores many conversations of one website, and a tenth as many tickets, and measures the requests that
// must not become slower by that, one after the other. Then it recounts the website's counters. One iteration is
// enough: -benchtime 1x. FIVECHAT_CONVERSATIONS is the number of conversations, FIVECHAT_TURNS the messages in each,
// FIVECHAT_TENANTS the number of other websites, and FIVECHAT_GROWN the folder that keeps the data for the next run.
func BenchmarkGrowth(b *testing.B) {
	want := setting("FIVECHAT_CONVERSATIONS", 10_000)
	dir := os.Getenv("FIVECHAT_GROWN")
	if dir == "" {
		dir = b.TempDir()
	}
	s, c := demo(b, dir)
	site := s.Demo.Websites[0]
	operator := client{c.http, s.OperatorURL(), s.OperatorKey()}
	took := c.grow(b, want, setting("FIVECHAT_TURNS", 2))
	c.file(b, want/10)
	operator.settle(b, setting("FIVECHAT_TENANTS", 0))
	middle := c.middle(b)
	// messages posted to a conversation make reading it more expensive
	two := tokenForm.FindAllString(c.do(b, "GET", "/conversations?limit=2", "", 200), 2)
	for _, r := range []struct{ name, method, path, body string }{
		{"current", "GET", "/statistics/current", ""},
		{"history", "GET", "/statistics/history?interval=day", ""},
		{"list", "GET", "/conversations", ""},
		{"list_page_100", "GET", "/conversations?page=100", ""},
		{"list_cursor", "GET", "/conversations?cursor=" + middle, ""},
		{"list_page_10000", "GET", fmt.Sprint("/conversations?page=", min(10_000, want/20)), ""},
		{"list_search", "GET", "/conversations?search=question+n77", ""},
		{"list_search_common", "GET", "/conversations?search=question", ""},
		{"list_tickets_open", "GET", "/tickets?status=open", ""},
		{"list_tickets_search", "GET", "/tickets?search=parcel+n77", ""},
		{"get", "GET", "/conversations/" + two[1], ""},
		{"post", "POST", "/conversations/" + two[0] + "/messages", `{"content":"Thank you."}`},
		{"create_ticket", "POST", "/tickets", `{"title":"Where is my parcel?"}`},
	} {
		b.Run(r.name, func(b *testing.B) {
			status, before := 200, processorTime(b)
			if r.method == "POST" {
				status = 201
			}
			times := make([]time.Duration, 0, asked)
			for begun := time.Now(); len(times) < asked && time.Since(begun) < askedFor; {
				start := time.Now()
				c.do(b, r.method, r.path, r.body, status)
				times = append(times, time.Since(start))
			}
			n := len(times)
			slices.Sort(times)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(times[n/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(times[n*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(n), "cpu-µs/req")
		})
	}
	if want*setting("FIVECHAT_TURNS", 2) > recounted { // it would take longer than the timeout of a request
		return
	}
	b.Run("recount", func(b *testing.B) {
		start := time.Now()
		answer := operator.do(b, "POST", fmt.Sprintf("/operator/websites/%d/statistics/recount", site.ID), "{}", 200)
		if strings.Contains(answer, `"counter"`) {
			b.Errorf("the counters are wrong: %s", answer)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s")
		b.ReportMetric(took.Seconds(), "s-before")
	})
}

// grow imports conversations up to the wanted number, and waits until the statistics have counted them.
func (c client) grow(b *testing.B, want, turns int64) time.Duration {
	b.Helper()
	start := time.Now()
	from := c.current(b) // an earlier, aborted run may have skipped some
	next := atomic.Int64{}
	next.Store(from)
	piece := max(400/turns, 1) // rows of one request: this many messages
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for n := next.Add(piece) - piece; n < want && !b.Failed(); n = next.Add(piece) - piece {
				c.do(b, "POST", "/conversations/import", questions(from, n, min(piece, want-n), turns), 200)
			}
		})
	}
	all.Wait()
	for c.current(b) < want {
		if time.Since(start) > time.Hour {
			b.Fatal("the imported conversations are never counted")
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(start)
}

// current is how many conversations are counted.
func (c client) current(b *testing.B) int64 {
	b.Helper()
	var counted struct{ TotalConversations int64 }
	if err := json.Unmarshal([]byte(c.do(b, "GET", "/statistics/current", "", 200)), &counted); err != nil {
		b.Fatal(err)
	}
	return counted.TotalConversations
}

// middle is a cursor that is some hundred pages deep.
func (c client) middle(b *testing.B) string {
	b.Helper()
	var page struct{ NextCursor string }
	for range 50 {
		err := json.Unmarshal([]byte(c.do(b, "GET", "/conversations?limit=100&cursor="+page.NextCursor, "", 200)), &page)
		if err != nil {
			b.Fatal(err)
		}
	}
	return page.NextCursor
}

// file creates tickets up to the wanted number.
func (c client) file(b *testing.B, want int64) {
	b.Helper()
	each(b, c.total(b, "/tickets"), want, func(n int64) {
		c.do(b, "POST", "/tickets", fmt.Sprintf(`{"title":"Where is my parcel n%d?"}`, n), 201)
	})
}

// settle creates other websites up to the wanted number. c is the operator.
func (c client) settle(b *testing.B, want int64) {
	b.Helper()
	each(b, c.total(b, "/operator/websites"), want, func(n int64) {
		c.do(b, "POST", "/operator/websites", fmt.Sprintf(`{"name":"Shop %d","url":"https://shop-%d.example","plan":"FREE"}`,
			n, n), 201)
	})
}

// total is how many rows a list has.
func (c client) total(b *testing.B, path string) int64 {
	b.Helper()
	var list struct{ Total int64 }
	if err := json.Unmarshal([]byte(c.do(b, "GET", path+"?limit=1", "", 200)), &list); err != nil {
		b.Fatal(err)
	}
	return list.Total
}

// each lets clients do something for each number from one up to another.
func each(b *testing.B, from, to int64, do func(int64)) {
	var next atomic.Int64
	next.Store(from)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for n := next.Add(1) - 1; n < to && !b.Failed(); n = next.Add(1) - 1 {
				do(n)
			}
		})
	}
	all.Wait()
}

// questions is an import of n conversations with some turns each, from a number on, with keys of the run that began at
// from.
func questions(from, first, n, turns int64) string {
	var s strings.Builder
	s.WriteString(`{"rows":[`)
	for i := range n {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s,
			`{"key":"q%d-%d","topics":["Travel"],"turns":[{"from":"visitor","text":"This is question n%d about flights."}`,
			first+i, from, first+i)
		for turn := range turns - 1 {
			fmt.Fprintf(&s, `,{"from":%q,"text":"Thank you, we look into it."}`, []string{"agent", "visitor"}[turn%2])
		}
		s.WriteString("]}")
	}
	s.WriteString("]}")
	return s.String()
}
