package search

import (
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/searchterms"
)

const (
	asked    = 1_000            // searches of each kind
	askedFor = 10 * time.Second // at most
	rows     = 20               // of an answer
	clients  = 4                // that import
	batch    = 50               // conversations of an import
)

// BenchmarkSearch stores the same conversations in Fivechat and in bleve, both on disk, and searches them, one search
// after the other. One iteration is enough: -benchtime 1x. FIVECHAT_CONVERSATIONS is the number of conversations, and
// FIVECHAT_TURNS the messages in each.
func BenchmarkSearch(b *testing.B) {
	n, turns := setting("FIVECHAT_CONVERSATIONS", 10_000), setting("FIVECHAT_TURNS", 5)
	c := newCorpus(turns)
	b.Run("analysis", func(b *testing.B) { analyse(b, c) })
	ours, theirs := openFivechat(b), openBleve(b)
	b.Run("fivechat/index", func(b *testing.B) { ours.index(b, c, n) })
	b.Run("bleve/index", func(b *testing.B) { theirs.index(b, c, n) })
	b.Run("fivechat/no_search", func(b *testing.B) {
		measure(b, func() (int64, bool) { return ours.search(b, "") })
	})
	for _, q := range c.queries(n) {
		found := map[string]int64{}
		for name, search := range map[string]func(*testing.B, string) (int64, bool){
			"fivechat": ours.search, "bleve": theirs.search,
		} {
			b.Run(name+"/"+q.name, func(b *testing.B) {
				total, exact := measure(b, func() (int64, bool) { return search(b, q.search) })
				b.ReportMetric(float64(total), "rows")
				if exact {
					found[name] = total
				}
			})
		}
		if x, y := found["fivechat"], found["bleve"]; len(found) == 2 && x != y && q.name != "prefix" {
			b.Errorf("%s: Fivechat finds %d rows, bleve %d", q.name, x, y)
		}
	}
}

// setting returns a number from the environment.
func setting(name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// analyse measures the processor time in which the terms of a message are found, which is a part of posting it.
func analyse(b *testing.B, c corpus) {
	const texts = 2_000
	terms := 0
	before := processorTime(b)
	for n := range int64(texts) {
		for _, text := range c.conversation(n) {
			terms += len(searchterms.Of(0, text))
		}
	}
	took := processorTime(b) - before
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took.Nanoseconds())/1000/float64(texts*c.messages), "cpu-µs/message")
	b.ReportMetric(float64(terms)/float64(texts*c.messages), "terms/message")
}

// measure runs a search again and again, and reports its times.
func measure(b *testing.B, search func() (total int64, exact bool)) (total int64, exact bool) {
	b.Helper()
	times := make([]time.Duration, 0, asked)
	search() // the first one reads from disk
	before := processorTime(b)
	for begun := time.Now(); len(times) < asked && time.Since(begun) < askedFor; {
		start := time.Now()
		total, exact = search()
		times = append(times, time.Since(start))
	}
	cpu := processorTime(b) - before
	slices.Sort(times)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(cpu.Microseconds())/float64(len(times)), "cpu-µs/search")
	return total, exact
}

// report reports what storing messages took.
func report(b *testing.B, took, cpu time.Duration, messages int64) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(messages)/took.Seconds(), "messages/s")
	b.ReportMetric(float64(cpu.Microseconds())/float64(messages), "cpu-µs/message")
}

// perMillion returns megabytes for a million messages.
func perMillion(bytes, messages int64) float64 { return float64(bytes) / float64(messages) }

// processorTime returns the time that this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
