package clocks

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// step is how far a clock is stepped.
const step = time.Hour

// built is the program, built once for all tests.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fivechat-clocks-")
	if err != nil {
		return "", err
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	return program(context.Background(), root, dir)
})

// TestMain removes the program after the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if os.Getenv("FIVECHAT_CLOCKS") != "" {
		if binary, err := built(); err == nil {
			_ = os.RemoveAll(filepath.Dir(binary))
		}
	}
	os.Exit(code)
}

// clock is a running system whose clock can be stepped.
type clock struct {
	harness.System
	process *cluster.Process
}

func launch(t *testing.T) clock {
	t.Helper()
	if os.Getenv("FIVECHAT_CLOCKS") == "" {
		t.Skipf("FIVECHAT_CLOCKS is not set, and building the program takes minutes: make clocks")
	}
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	quotas, err := harness.GenerousQuotas(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	addrs, data := harness.FreeAddrs(t, 3), t.TempDir()
	p := cluster.Start(t, binary, map[string]string{
		"FIVECHAT_ADMIN_ADDR": addrs[2], "FIVECHAT_QUOTAS": quotas, "FIVECHAT_WEBHOOKS_ALLOW": "127.0.0.0/8",
		"FIVECHAT_WEBHOOKS_HTTP": "true",
	}, "run", "--listen", addrs[0], "--operator-listen", addrs[1], "--data", data)
	var at struct{ URL, Key string }
	harness.Eventually(t, time.Minute, "the system runs", func() (bool, any) {
		text, err := os.ReadFile(filepath.Join(data, "operator.json"))
		return err == nil && json.Unmarshal(text, &at) == nil, p.Log
	})
	return clock{harness.System{URL: "http://" + addrs[0], OperatorURL: at.URL, OperatorKey: at.Key}, p}
}

// shows returns how far the system's clock is ahead.
func (c clock) shows(t *testing.T) time.Duration {
	t.Helper()
	at, err := time.Parse(time.RFC3339, c.Public().Get(t, "/health").Text("timestamp"))
	if err != nil {
		t.Fatal(err)
	}
	return time.Until(at)
}

// step steps the clock.
func (c clock) step(t *testing.T, s syscall.Signal) {
	t.Helper()
	before := c.shows(t)
	c.process.Signal(t, s)
	harness.Eventually(t, harness.Patience, "the clock is stepped", func() (bool, any) {
		by := (c.shows(t) - before).Abs()
		return by > step/2, by
	})
}

// TestStepForward: what lasts less than the step ends, what lasts longer continues, and nothing else changes.
func TestStepForward(t *testing.T) {
	t.Parallel()
	c := launch(t)
	w := begin(t, c)
	c.step(t, syscall.SIGUSR1)
	w.works(t)
	for name, secret := range map[string]string{"one that was to expire": w.expiring, "one that was rotated": w.rotated} {
		harness.Eventually(t, 2*harness.Patience, "the token is refused: "+name, func() (bool, any) {
			a := c.Bearer(secret).Do(t, "GET", "/website", nil)
			return a.Status == 401, a.Status
		})
	}
	if w.Reader().Get(t, "/visitors/"+w.idle.Token).Bool("online") {
		t.Error("a visitor who was seen an hour ago is online")
	}
}

// TestStepBack: nothing waits until the clock has caught up, and what lasts for a while lasts longer.
func TestStepBack(t *testing.T) {
	t.Parallel()
	c := launch(t)
	w := begin(t, c)
	c.step(t, syscall.SIGUSR2)
	w.works(t)
	for _, secret := range []string{w.expiring, w.rotated} {
		c.Bearer(secret).Do(t, "GET", "/website", nil).Want(t, 200)
	}
}

// TestStepThereAndBack: a clock that was wrong for a while and is corrected leaves nothing that waits for the wrong
// time.
func TestStepThereAndBack(t *testing.T) {
	t.Parallel()
	c := launch(t)
	c.step(t, syscall.SIGUSR1)
	w := begin(t, c)
	c.step(t, syscall.SIGUSR2)
	w.works(t)
	c.step(t, syscall.SIGUSR1)
	w.works(t)
}

// timed is a website that uses everything that depends on time.
type timed struct {
	*harness.World
	idle              harness.Session // a visitor who sends no more requests
	expiring, rotated string          // tokens that expire in half an hour
	key               string          // of a request
	kept              harness.Answer  // its response
	agents, visitors  *harness.Stream
	receiver          *harness.Receiver
	spent             harness.Client // a client whose quota is used up
	exports           []*harness.Copy
}

// window is how many seconds it takes until a used quota is available again.
const window = 5

func begin(t *testing.T, c clock) *timed {
	t.Helper()
	w := &timed{World: c.World(t, harness.Pro), key: harness.Unique("key.")}
	tokens := fmt.Sprintf("/operator/websites/%d/tokens", w.ID)
	soon := time.Now().Add(c.shows(t) + step/2).UTC().Format(time.RFC3339)
	w.expiring = w.Operator().Send(t, 201, "POST", tokens, harness.Map{
		"name": "soon", "level": harness.Read,
		"expiresAt": soon,
	}).Text("token")
	id, secret := w.Token(t, harness.Read)
	w.rotated = secret
	w.Operator().Send(t, 201, "POST", fmt.Sprintf("%s/%d/rotate", tokens, id),
		harness.Map{"overlapSeconds": int(step.Seconds() / 2)})
	for _, secret := range []string{w.expiring, w.rotated} {
		c.Bearer(secret).Do(t, "GET", "/website", nil).Want(t, 200)
	}
	w.idle = w.Visit(t, nil)
	w.kept = w.ticket(t)
	w.agents, w.visitors = w.Reader().Events(t, "/events", ""), w.Caller.Events(t, "/visitor/events", "")
	w.receiver = harness.Receive(t, nil)
	w.NewWebhook(t, w.receiver.URL, "message.created")
	for _, kind := range []string{"conversations", "messages", "visitors", "tickets"} {
		w.exports = append(w.exports, harness.NewCopy(kind, "?limit=7", func(path string) (int, []byte, error) {
			a, err := w.Reader().Ask(t.Context(), "GET", path, nil)
			return a.Status, a.Body, err
		}))
	}
	w.copied(t)
	scarce := c.Website(t, harness.Pro)
	few := harness.Map{"requests": 3, "seconds": window}
	scarce.Operator().Send(t, 200, "PATCH", fmt.Sprintf("/operator/websites/%d", scarce.ID),
		harness.Map{"quotas": harness.Map{"read": few}})
	w.spent = scarce.Reader()
	harness.Eventually(t, 2*harness.Patience, "the quota is used up", func() (bool, any) {
		a := w.spent.Do(t, "GET", "/website", nil)
		return a.Status == 429, a.Status
	})
	return w
}

// ticket creates a ticket, once.
func (w *timed) ticket(t *testing.T) harness.Answer {
	t.Helper()
	return w.Agent().With("Idempotency-Key", w.key).Do(t, "POST", "/tickets", harness.Map{"title": "Once"}).Want(t, 201)
}

// copied follows the exports to their ends, and checks that the copies equal the lists.
func (w *timed) copied(t *testing.T) {
	t.Helper()
	for _, c := range w.exports {
		harness.Eventually(t, 2*harness.Patience, "the export of "+c.Kind, func() (bool, any) {
			if ended, why := c.Pull(t); !ended {
				return false, why
			}
			return c.Agrees(t, w.Reader())
		})
	}
}

// works checks that everything works: events are received and counted, every operation responds, a repeated request is
// recognized, and a used quota is available again in time.
func (w *timed) works(t *testing.T) {
	t.Helper()
	counted := w.Reader().Get(t, "/statistics/current").Int("totalMessages")
	before := len(w.receiver.Got())
	said := harness.Unique("now ")
	w.Reply(t, w.Conversation, said)
	for name, stream := range map[string]*harness.Stream{"agents'": w.agents, "visitor's": w.visitors} {
		harness.Eventually(t, harness.Patience, "the "+name+" stream gets the message", func() (bool, any) {
			f := stream.Until(t, "message.created")
			return strings.Contains(f.Data.String(), said), f.Data
		})
	}
	harness.Eventually(t, 2*harness.Patience, "the webhook gets the message", func() (bool, any) {
		got := w.receiver.Got()
		return len(got) > before && strings.Contains(string(got[len(got)-1].Body), said), len(got)
	})
	harness.Eventually(t, harness.Patience, "the message is counted", func() (bool, any) {
		n := w.Reader().Get(t, "/statistics/current").Int("totalMessages")
		return n > counted, n
	})
	if again := w.ticket(t); again.Header.Get("Idempotency-Replayed") != "true" ||
		string(again.Body) != string(w.kept.Body) {
		t.Errorf("repeated: %v %s", again.Header, again.Body)
	}
	for _, op := range harness.Operations() {
		names := w.Objects()
		if op.Ends {
			names = w.Another(t, op.Path)
		}
		op.Ask(t, op.Allowed(w.World), names).Want(t, op.Status)
	}
	if !w.Reader().Get(t, "/visitors/"+w.Caller.Token).Bool("online") {
		t.Error("a visitor who was just seen is not online")
	}
	gone := w.Visit(t, nil)
	w.Swept(t, w.Operator().Send(t, 202, "DELETE", fmt.Sprintf("/operator/websites/%d/visitors/%s", w.ID, gone.Token),
		nil).Int("id"))
	w.key = harness.Unique("key.") // an erasure removes all stored responses
	w.kept = w.ticket(t)
	w.copied(t)
	harness.Eventually(t, 4*window*time.Second, "the quota is available again", func() (bool, any) {
		a := w.spent.Do(t, "GET", "/website", nil)
		return a.Status == 200, a.Header
	})
}
