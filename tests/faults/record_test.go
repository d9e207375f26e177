package faults_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"fivechat.dev/tests/scenario"
)

// record holds every exchange of a scenario.
type record struct {
	mu  sync.Mutex
	all []scenario.Exchange
}

func (r *record) saw(x scenario.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, x)
}

// window is the time of a fault: from its start until it was repaired, and until the system had recovered.
type window struct {
	fault
	caused, repaired, well time.Time
}

// row is a line of the table.
type row struct {
	fault                    string
	times                    int
	done, unavailable, other int           // responses below 500, with 503 or 504, and none
	recovery                 time.Duration // the longest
}

// sumRows sums up the rows of each fault, in the order of their names.
func sumRows(rows []row) (sums []row) {
	for _, r := range rows {
		i := slices.IndexFunc(sums, func(s row) bool { return s.fault == r.fault })
		if i < 0 {
			sums = append(sums, r)
			continue
		}
		s := &sums[i]
		s.times, s.done, s.unavailable, s.other, s.recovery = s.times+r.times, s.done+r.done, s.unavailable+r.unavailable,
			s.other+r.other, max(s.recovery, r.recovery)
	}
	slices.SortFunc(sums, func(a, b row) int { return strings.Compare(a.fault, b.fault) })
	return sums
}

// judge counts the exchanges in each window, and fails the test for results that no client may get: any 5xx except 503
// and 504, a 503 without Retry-After, and a refusal or no response outside of the windows that allow it.
func (r *record) judge(t *testing.T, windows []window) (rows []row, quiet row) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	rows = make([]row, len(windows))
	for i, w := range windows {
		rows[i] = row{fault: w.name, times: 1, recovery: w.well.Sub(w.repaired)}
	}
	quiet.fault, quiet.times = "between faults", 1
	for _, x := range r.all {
		in, allowed := &quiet, false
		for i, w := range windows {
			if x.Began.Before(w.well) && x.Ended.After(w.caused) {
				in = &rows[i]
				allowed = allowed || w.refuses
			}
		}
		said := fmt.Sprintf("%s: %s %s: %d %v after %v", in.fault, x.Method, x.Path, x.Status, x.Err, x.Ended.Sub(x.Began))
		switch {
		case x.Err != nil:
			in.other++
		case x.Status == http.StatusServiceUnavailable || x.Status == http.StatusGatewayTimeout:
			in.unavailable++
			if x.Status == http.StatusServiceUnavailable && x.Header.Get("Retry-After") == "" {
				t.Errorf("without Retry-After: %s", said)
			}
		case x.Status >= 500:
			t.Error(said)
			continue
		default:
			in.done++
			continue
		}
		if !allowed {
			t.Error(said)
		}
	}
	return rows, quiet
}

// replaceTable replaces the table of a page that begins with head.
func replaceTable(path, head, table string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), "\n"+head)
	_, after, ends := strings.Cut(rest, "|\n\n")
	if !found || !ends {
		return fmt.Errorf("%s has no table %q followed by an empty line", path, head)
	}
	return os.WriteFile(path, []byte(before+"\n"+table+"\n"+after), 0o600)
}

// table formats rows as Markdown.
func table(rows []row) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "| Fault\t| Times\t| Answered\t| 503, 504\t| No response\t| Recovered after\t|")
	fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s\t| %d\t| %d\t| %d\t| %d\t| %v\t|\n", r.fault, r.times, r.done, r.unavailable, r.other,
			r.recovery.Round(time.Millisecond))
	}
	_ = w.Flush() // a Builder never fails
	return b.String()
}
