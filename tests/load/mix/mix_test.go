package mix_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/load/mix"
)

func TestMain(m *testing.M) { harness.Main(m) }

// populate creates a small site on a website of its own.
func populate(t *testing.T, file string, conversations int) (*mix.Site, *harness.Website) {
	t.Helper()
	w := harness.Running().Website(t, harness.Pro)
	site, err := mix.Populate(t.Context(), mix.Target{URL: w.URL, Token: w.Secret(harness.ReadWrite), Bound: 4}, file,
		mix.Size{Conversations: conversations, Chats: 3, Tickets: 3})
	if err != nil {
		t.Fatal(err)
	}
	return site, w
}

// TestOperations checks that each operation of each mix gets the expected status repeatedly, but not without an object.
func TestOperations(t *testing.T) {
	t.Parallel()
	site, _ := populate(t, "", 120)
	for _, m := range mix.Each(mix.Mixes) {
		for range 5 {
			o := m.Operations[0]
			if status, err := site.Ask(&o, time.Now()); err != nil || status != o.Status {
				t.Errorf("%s: %d %v, want %d", m.Name, status, err, o.Status)
			}
		}
	}
	lost := mix.Operation{Name: "lost", As: mix.Agent, Method: "GET", Path: "/conversations/{nothing}", Status: 200}
	if status, err := site.Ask(&lost, time.Now()); err != nil || status != 404 {
		t.Errorf("a request without an object got %d %v", status, err)
	}
}

// TestWritesChangeSomething checks that every write changes something each time.
func TestWritesChangeSomething(t *testing.T) {
	t.Parallel()
	site, w := populate(t, "", 2)
	closing, _ := mix.Find("agent/close")
	var seen []string
	for range 4 {
		a, err := site.Sample(&closing[0].Operations[0])
		if err != nil || a.Status != 200 {
			t.Fatalf("%d %v", a.Status, err)
		}
		seen = append(seen, strings.Split(string(a.Body), `"status":"`)[1][:4])
	}
	if seen[0] == seen[1] || seen[1] == seen[2] || seen[2] == seen[3] {
		t.Errorf("the alternately closed and reopened conversations are %v", seen)
	}
	opening, _ := mix.Find("visitor/open")
	before := len(harness.Rows(t, w.Reader(), "conversations"))
	if status, err := site.Ask(&opening[0].Operations[0], time.Now()); err != nil || status != 201 {
		t.Fatalf("%d %v", status, err)
	}
	if after := len(harness.Rows(t, w.Reader(), "conversations")); after != before+1 {
		t.Errorf("a visitor opens a conversation: %d before, %d after", before, after)
	}
}

// TestListenReportsDelays checks that Listen reports how long a message took from when it was due.
func TestListenReportsDelays(t *testing.T) {
	t.Parallel()
	site, _ := populate(t, "", 1)
	var took atomic.Int64 // of the one message that was due long ago; openings of chats may be received too
	ctx, leave := context.WithCancel(t.Context())
	wait, err := site.Listen(ctx, 100, func(d time.Duration) {
		if d > time.Minute/2 {
			took.Store(int64(d))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	saying, _ := mix.Find("visitor/say")
	if status, err := site.Ask(&saying[0].Operations[0], time.Now().Add(-time.Minute)); err != nil || status != 201 {
		t.Fatalf("%d %v", status, err)
	}
	harness.Eventually(t, harness.Patience, "the message is received", func() (bool, any) {
		return took.Load() > 0, took.Load()
	})
	if d := time.Duration(took.Load()); d < time.Minute || d > 2*time.Minute {
		t.Errorf("a message that was due a minute ago took %v", d)
	}
	leave()
	if err := wait(); err != nil {
		t.Error(err)
	}
}

// TestDialogues checks that a file's dialogues are repeated up to the wanted number. A file without any, or an invalid
// one, is refused.
func TestDialogues(t *testing.T) {
	t.Parallel()
	write := func(name, text string, packed bool) string {
		path := filepath.Join(t.TempDir(), name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if packed {
			z := gzip.NewWriter(f)
			defer z.Close()
			_, err = z.Write([]byte(text))
		} else {
			_, err = f.WriteString(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	const two = `{"id":"a","topics":["x"],"turns":[{"from":"visitor","text":"Is \"it\" open {chat}?"}]}` + "\n" +
		`{"id":"b","turns":[{"from":"agent","text":"ü"}]}` + "\n"
	for _, file := range []string{write("plain.jsonl", two, false), write("packed.jsonl.gz", two, true)} {
		site, w := populate(t, file, 5)
		if n := w.Reader().Get(t, "/conversations").Int("total"); n != 5+3 {
			t.Errorf("%s: %d conversations, want 5 imported ones and 3 chats", file, n)
		}
		saying, _ := mix.Find("agent/post")
		if status, err := site.Ask(&saying[0].Operations[0], time.Now()); err != nil || status != 201 {
			t.Errorf("an agent posts a text of the file: %d %v", status, err)
		}
	}
	for name, file := range map[string]string{
		"nothing": write("empty.jsonl", "", false), "no JSON": write("bad.jsonl", "{\n", false),
		"no turns": write("none.jsonl", `{"id":"a"}`, false), "no file": filepath.Join(t.TempDir(), "no"),
	} {
		w := harness.Running().Website(t, harness.Pro)
		if _, err := mix.Populate(t.Context(), mix.Target{URL: w.URL, Token: w.Secret(harness.ReadWrite), Bound: 4}, file,
			mix.Size{Conversations: 2, Chats: 1, Tickets: 1}); err == nil {
			t.Errorf("%s: a site is populated from it", name)
		}
	}
}

// TestTurns checks that operations come as often as their weights, evenly spread.
func TestTurns(t *testing.T) {
	t.Parallel()
	for _, m := range mix.Mixes {
		turns, count, all := m.Turns(), map[string]int{}, 0
		for _, o := range turns {
			count[o.Name]++
		}
		for _, o := range m.Operations {
			if all += o.Weight; count[o.Name] != o.Weight {
				t.Errorf("%s/%s comes %d times, want %d", m.Name, o.Name, count[o.Name], o.Weight)
			}
		}
		if len(turns) != all {
			t.Errorf("%s has %d turns, want %d", m.Name, len(turns), all)
		}
	}
	even := mix.Mix{Operations: []mix.Operation{{Name: "a", Weight: 2}, {Name: "b", Weight: 1}, {Name: "c", Weight: 1}}}
	order := ""
	for _, o := range even.Turns() {
		order += o.Name
	}
	if order != "abca" {
		t.Errorf("the order is %s", order)
	}
}

// TestFind checks that mixes and operations are found by name.
func TestFind(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]string{
		"": "[widget visitor agent integration desk] ", "desk,widget": "[desk widget] ", "agent/list": "[agent/list] ",
		"agent,nobody": "[] nobody", "agent/nothing": "[] agent/nothing", ",": "[] ",
	} {
		found, unknown := mix.Find(names)
		have := make([]string, len(found))
		for i, m := range found {
			have[i] = m.Name
		}
		if got := fmt.Sprint(have, " ", unknown); got != want {
			t.Errorf("%q finds %s, want %s", names, got, want)
		}
	}
}
