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

const (
	grown = 10_000 // conversations, where FIVECHAT_CONVERSATIONS does not say otherwise
	asked = 2_000  // times
)

// BenchmarkGrowth stores many conversations of one website, of two messages each, and measures what must not become slower
// for that, one request after the other. Then the website's counters are recounted. One iteration is enough: -benchtime 1x.
// FIVECHAT_CONVERSATIONS says how many, and FIVECHAT_GROWN where they are kept, for the next time.
func BenchmarkGrowth(b *testing.B) {
	want := int64(grown)
	if n, err := strconv.ParseInt(os.Getenv("FIVECHAT_CONVERSATIONS"), 10, 64); err == nil {
		want = n
	}
	dir := os.Getenv("FIVECHAT_GROWN")
	if dir == "" {
		dir = b.TempDir()
	}
	s, c := demo(b, dir)
	site := s.Demo.Websites[0]
	took := c.grow(b, want)
	middle := c.middle(b)
	token := tokenForm.FindString(c.do(b, "GET", "/conversations?limit=1", "", 200))
	for _, r := range []struct{ name, method, path, body string }{
		{"current", "GET", "/statistics/current", ""},
		{"history", "GET", "/statistics/history?interval=day", ""},
		{"list", "GET", "/conversations", ""},
		{"list_page_100", "GET", "/conversations?page=100", ""},
		{"list_cursor", "GET", "/conversations?cursor=" + middle, ""},
		{"list_search", "GET", "/conversations?search=question+77", ""},
		{"get", "GET", "/conversations/" + token, ""},
		{"post", "POST", "/conversations/" + token + "/messages", `{"content":"Thank you."}`},
		{"create_ticket", "POST", "/tickets", `{"title":"Where is my parcel?"}`},
	} {
		b.Run(r.name, func(b *testing.B) {
			status, before := 200, processorTime(b)
			if r.method == "POST" {
				status = 201
			}
			times := make([]time.Duration, 0, asked)
			for range asked {
				start := time.Now()
				c.do(b, r.method, r.path, r.body, status)
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(times[asked/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(times[asked*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/asked, "cpu-µs/req")
		})
	}
	b.Run("recount", func(b *testing.B) {
		start := time.Now()
		operator := client{c.http, s.OperatorURL(), s.OperatorKey()}
		if answer := operator.do(b, "POST", fmt.Sprintf("/operator/websites/%d/statistics/recount", site.ID), "{}", 200); strings.Contains(answer, `"counter"`) {
			b.Errorf("the counters are wrong: %s", answer)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s")
		b.ReportMetric(took.Seconds(), "s-before")
	})
}

// grow imports conversations until there are as many as wanted, and waits until the statistics have counted them.
func (c client) grow(b *testing.B, want int64) time.Duration {
	b.Helper()
	start := time.Now()
	next := atomic.Int64{}
	next.Store(c.current(b))
	const piece = 200 // the most in one request
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for n := next.Add(piece) - piece; n < want && !b.Failed(); n = next.Add(piece) - piece {
				c.do(b, "POST", "/conversations/import", questions(n, min(piece, want-n)), 200)
			}
		})
	}
	all.Wait()
	for c.current(b) < want {
		if time.Since(start) > time.Hour {
			b.Fatal("they are never counted")
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
		if err := json.Unmarshal([]byte(c.do(b, "GET", "/conversations?limit=100&cursor="+page.NextCursor, "", 200)), &page); err != nil {
			b.Fatal(err)
		}
	}
	return page.NextCursor
}

// questions is an import of n conversations from a number on.
func questions(first, n int64) string {
	var s strings.Builder
	s.WriteString(`{"rows":[`)
	for i := range n {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"key":"q%d","topics":["Travel"],"turns":[{"from":"visitor","text":"This is question %d about flights."},{"from":"agent","text":"Thank you, we look into it."}]}`, first+i, first+i)
	}
	s.WriteString("]}")
	return s.String()
}
