package faults_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/scenario"
)

// redisFault is a failure of a Redis with several servers. cause returns once it has begun, or, for a change that an
// operator makes, once it is complete. repair gives Redis its former number of servers.
type redisFault struct {
	redis, name string
	cause       func(t *testing.T) (repair func())
}

// redisRow is a line of the table: the longest that clients noticed of one fault.
type redisRow struct {
	redis, fault             string
	times                    int
	writes, events, messages time.Duration
	extra                    int64 // requests beyond the quota
}

// TestRedisFailover: primaries are killed and a slot moves under load, with Sentinel and in a cluster with TLS. No
// request is refused, no event is lost, and messages to all processes arrive again. For each fault, a quota allows at
// most twice as many requests again: once without Redis, and once if Redis has lost the last writes. It prints the
// table of docs/operations.md, which `make soak` replaces.
func TestRedisFailover(t *testing.T) {
	var all []redisRow
	t.Run("sentinel", func(t *testing.T) {
		s := startSentinels(t, unencrypted)
		all = append(all, redisFaults(t, map[string]string{"REDIS_URL": s.url()}, s.faults(), func() { s.wait(t) })...)
	})
	t.Run("cluster", func(t *testing.T) {
		c := startRedisCluster(t)
		env := map[string]string{"REDIS_URL": c.url(), "REDIS_CA_FILE": c[0].ca}
		all = append(all, redisFaults(t, env, c.faults(), func() { c.wait(t) })...)
	})
	t.Log("\n" + redisTable(all))
	if os.Getenv("FIVECHAT_SOAK_TABLE") != "" && !t.Failed() {
		page := filepath.Join(harness.Root(t), "docs/operations.md")
		if err := replaceTable(page, "| Runs as", redisTable(all)); err != nil {
			t.Error(err)
		}
	}
}

// TestRedisSentinelWithTLS: a client that verifies certificates finds the primary, and another one after it was killed.
// A client that doesn't know the authority finds none.
func TestRedisSentinelWithTLS(t *testing.T) {
	encrypted := encrypt(t)
	s := startSentinels(t, encrypted)
	s.wait(t)
	ca, err := os.ReadFile(encrypted.ca)
	if err != nil {
		t.Fatal(err)
	}
	connect := func(ca []byte) *rediskit.Client {
		c, err := rediskit.Connect(rediskit.Config{URL: s.url(), CA: string(ca), Namespace: redisNamespace}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	client := connect(ca)
	works := func() (bool, any) {
		err := client.Cache(t.Context(), "probe", "key", 1, []byte("value"), time.Minute)
		return err == nil, err
	}
	harness.Eventually(t, bound, "a client writes", works)
	if err := connect(nil).Ping(t.Context()); err == nil {
		t.Error("a client without the authority connects")
	}
	before := s.primary(t)
	before.Kill(t)
	harness.Eventually(t, bound, "there is another primary", func() (bool, any) {
		now := s.primary(t)
		return now != before, now.addr
	})
	harness.Eventually(t, bound, "the client writes to it", works)
}

func (s *sentinels) faults() []redisFault {
	return []redisFault{
		{"Sentinel", "an operator makes the replica the primary", func(t *testing.T) func() {
			before := s.primary(t)
			s.sentinels[0].command(t, "sentinel", "failover", "primary")
			harness.Eventually(t, bound, "there is another primary", func() (bool, any) {
				now := s.primary(t)
				return now != before, now.addr
			})
			return func() {}
		}},
		{"Sentinel", "the primary is killed", func(t *testing.T) func() {
			primary := s.primary(t)
			primary.Kill(t)
			return func() { primary.restart(t) }
		}},
	}
}

func (c redisCluster) faults() []redisFault {
	return []redisFault{
		{"cluster", "the primary of the used keys is killed", func(t *testing.T) func() {
			primary := c.primaries(t, probedKey)[0]
			primary.Kill(t)
			return func() { primary.restart(t) }
		}},
		{"cluster", "the slot of the used keys moves", func(t *testing.T) func() {
			c.moveSlot(t, probedKey)
			return func() {}
		}},
	}
}

// redisFaults runs the system with the Redis that env names. It causes each fault once, or repeatedly for the length of
// a soak. settled waits until Redis can fail over.
func redisFaults(t *testing.T, env map[string]string, faults []redisFault, settled func()) (rows []redisRow) {
	t.Helper()
	env["REDIS_NAMESPACE"] = redisNamespace
	f := cluster.Launch(t, binaries, env)
	for until := time.Now().Add(soak(t)); ; {
		rows = append(rows, redisRound(t, f, faults, settled)...)
		if time.Now().After(until) || t.Failed() {
			return rows
		}
	}
}

// redisRound causes each fault once while visitors and agents work.
func redisRound(t *testing.T, f *cluster.Cluster, faults []redisFault, settled func()) (rows []redisRow) {
	t.Helper()
	c, r := scenario.Begin(t, f), new(record)
	c.Saw = r.saw
	followed := c.Follow()
	stop := act(c, rand.New(rand.NewPCG(seed(), 0)))
	config := rediskit.Config{URL: f.Env["REDIS_URL"], Namespace: f.Env["REDIS_NAMESPACE"]}
	if path := f.Env["REDIS_CA_FILE"]; path != "" {
		ca, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		config.CA = string(ca)
	}
	p := beginProbe(t, config, f.Website(t, harness.Pro))
	p.wait(t, "at first")
	for _, fault := range faults {
		settled()
		spent := p.spend(t, fault.name)
		p.reset()
		repair := fault.cause(t)
		p.wait(t, fault.name)
		row := redisRow{redis: fault.redis, fault: fault.name, times: 1, events: p.stream.read()}
		row.writes, _ = p.writes.read()
		for i := range p.messages {
			longest, _ := p.messages[i].read()
			row.messages = max(row.messages, longest)
		}
		row.extra = spent.extra()
		if most := int64(2*probedQuota.Requests + limiters); row.extra > most {
			t.Errorf("%s: %d requests passed beyond a quota of %v, want at most %d", fault.name, row.extra, probedQuota, most)
		}
		rows = append(rows, row)
		repair()
	}
	p.finish(t)
	stop()
	followed()
	r.judge(t, nil) // no request may be refused
	c.Check()
	return rows
}

// redisTable formats rows as Markdown, one line for each fault.
func redisTable(rows []redisRow) string {
	var sums []redisRow
	for _, r := range rows {
		i := slices.IndexFunc(sums, func(s redisRow) bool { return s.redis == r.redis && s.fault == r.fault })
		if i < 0 {
			sums = append(sums, r)
			continue
		}
		s := &sums[i]
		s.times, s.extra = s.times+r.times, max(s.extra, r.extra)
		s.writes, s.events, s.messages = max(s.writes, r.writes), max(s.events, r.events), max(s.messages, r.messages)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	head := "Runs_as Fault Times Writes_again_after Events_late_by No_messages_for Extra_requests"
	for column := range strings.FieldsSeq(head) {
		fmt.Fprintf(w, "| %s\t", strings.ReplaceAll(column, "_", " "))
	}
	fmt.Fprintln(w, "|\n"+strings.Repeat("|---\t", len(strings.Fields(head)))+"|")
	for _, r := range sums {
		tenth := 100 * time.Millisecond
		fmt.Fprintf(w, "| %s\t| %s\t| %d\t| %v\t| %v\t| %v\t| %d\t|\n", r.redis, r.fault, r.times, r.writes.Round(tenth),
			r.events.Round(tenth), r.messages.Round(tenth), r.extra)
	}
	_ = w.Flush() // a Builder never fails
	return b.String()
}
