package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/procfs"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
	"fivechat.dev/tests/sim"
)

// The names of the store and Redis in the figures.
const (
	theStore = "mongodb"
	theRedis = "redis"
)

// layers is the system with each part in its own process, and its usage so far.
type layers struct {
	b         *testing.B
	cluster   *cluster.Cluster
	processes map[string]*cluster.Process
	replica   *cluster.Process // of conversations, without requests
	db        *mongo.Database
	uri       string
}

// used is the usage up to a moment.
type used struct {
	at                                      time.Time
	cpu                                     map[string]float64 // µs
	receiving, mongo, writes, redis, events float64
	stored                                  float64
}

// BenchmarkLayers measures the usage of each component, of the store and of Redis (it requires redis-server) by
// requests and events, and writes it to the file that FIVECHAT_FIGURES names, for tests/sim. It subtracts the usage
// without requests. -benchtime 1000x is the requests of each operation; one iteration is one request.
func BenchmarkLayers(b *testing.B) {
	l := newLayers(b)
	w := l.cluster.World(b, harness.Pro)
	c := client{
		&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}, l.cluster.URL,
		w.Secret(harness.ReadWrite),
	}
	c.do(b, "POST", "/conversations/import", rows(0, 100), 200)
	conversations := tokenForm.FindAllString(c.do(b, "GET", "/conversations?limit=100", "", 200), -1)
	every := func(suffix string) func(int) string {
		return func(i int) string { return "/conversations/" + conversations[i%len(conversations)] + suffix }
	}
	at := func(path string) func(int) string { return func(int) string { return path } }
	visitor := client{c.http, c.url, ""}
	found := sim.Figures{
		Measured: os.Getenv("FIVECHAT_FIGURES_NOTE"), On: runtime.NumCPU(),
		Operations: map[string]sim.Operation{},
	}
	idle := l.idle()
	for _, r := range []struct {
		name, method string
		path         func(int) string
		body         string
		client       client
		header       []string
		times        int // each of b.N is this many requests
	}{
		{"get_widget", "GET", at("/widgets/" + w.ClientToken), "", c, nil, 20},
		{"visit", "POST", at("/visitor/sessions"), `{"clientToken":"` + w.ClientToken + `"}`, visitor, nil, 1},
		{
			"visitor_reads", "GET", at("/visitor/conversations/" + w.Conversation + "/messages?after=0"), "", visitor,
			[]string{"x-visitor-id", w.Caller.Token, "x-visitor-secret", w.Caller.Secret},
			1,
		},
		{"get_conversation_20", "GET", every(""), "", c, nil, 1},
		{"list_20", "GET", at("/conversations"), "", c, nil, 1},
		{"post_message", "POST", every("/messages"), `{"content":"Thank you, that is what I was looking for."}`, c, nil, 1},
		{"create_ticket", "POST", at("/tickets"), `{"title":"Where is my parcel?"}`, c, nil, 1},
		{"statistics", "GET", at("/statistics/current"), "", c, nil, 1},
	} {
		b.Run(r.name, func(b *testing.B) {
			status := http.StatusOK
			if r.method == "POST" {
				status = http.StatusCreated
			}
			var sent atomic.Int64
			one := func(i int) { sent.Add(int64(len(r.client.do(b, r.method, r.path(i), r.body, status, r.header...)))) }
			concurrently(min(b.N, 100), one) // warm-up
			l.settle()
			sent.Store(0)
			before := l.look()
			n := r.times * b.N
			start := time.Now()
			concurrently(n, one)
			took := time.Since(start).Seconds()
			l.settle()
			o, _ := l.since(before, idle, float64(n))
			o.Rate = round2(float64(n) / took)
			o.Sent = round2(float64(sent.Load()) / float64(n))
			found.Operations[r.name] = o
			for part, µs := range o.CPU {
				b.ReportMetric(µs, part+"-µs/req")
			}
		})
	}
	b.Run("event", func(b *testing.B) {
		wr := newWriterIn(b, l.uri, l.db.Name())
		before, n := l.look(), max(b.N/eventsAtOnce, 1)
		for i := range n {
			if err := wr.write(b.Context(), i); err != nil {
				b.Fatal(err)
			}
		}
		l.settle()
		found.Event, found.Hearing = l.since(before, idle, float64(n*eventsAtOnce))
		b.ReportMetric(found.Hearing, "receiving-µs/event")
	})
	b.Run("backlog", func(b *testing.B) {
		found.Relayed, found.Followed = l.backlog(b, 10*b.N)
		b.ReportMetric(found.Relayed, "relayed/s")
		b.ReportMetric(found.Followed, "followed/s")
	})
	l.write(found)
}

// concurrently does something n times, in some concurrent clients.
func concurrently(n int, do func(int)) {
	var turn atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for i := turn.Add(1); int(i) <= n; i = turn.Add(1) {
				do(int(i))
			}
		})
	}
	all.Wait()
}

func newLayers(b *testing.B) *layers {
	b.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		b.Skip("there is no redis-server")
	}
	binaries := cluster.Build(b, process.Fivechat)
	addrs := harness.FreeAddrs(b, 2)
	_, port, _ := strings.Cut(addrs[1], ":")
	l := &layers{b: b, processes: map[string]*cluster.Process{}, uri: "mongodb://" + addrs[0] +
		"/?directConnection=true&replicaSet=rs0"}
	l.processes[theStore] = cluster.Start(b, filepath.Join(binaries, "fivechat"), nil, "store", "serve", "--insecure",
		"--listen", addrs[0], "--data", b.TempDir())
	redis, _ := exec.LookPath("redis-server")
	l.processes[theRedis] = cluster.Start(b, redis, nil, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir",
		b.TempDir())
	l.cluster = cluster.Launch(b, binaries, map[string]string{"MONGODB_URI": l.uri, "REDIS_URL": "redis://" + addrs[1]})
	for _, p := range l.cluster.All() {
		l.processes[p.Name] = p
	}
	_, replica := l.cluster.Replica(b)
	l.replica = replica[1]
	store, err := mongo.Connect(options.Client().ApplyURI(l.uri))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Disconnect(context.Background()) })
	l.db = store.Database(l.cluster.Env["MONGODB_DATABASE"])
	return l
}

// settled is the time to wait for the asynchronous work of requests: relays, followers and gauges.
const settled = 2 * time.Second

func (l *layers) settle() { time.Sleep(settled) }

// idle returns the usage in a second without requests.
func (l *layers) idle() used {
	l.settle()
	before := l.look()
	time.Sleep(5 * time.Second)
	after := l.look()
	seconds := after.at.Sub(before.at).Seconds()
	each := used{cpu: map[string]float64{}}
	for part := range after.cpu {
		each.cpu[part] = (after.cpu[part] - before.cpu[part]) / seconds
	}
	each.receiving = (after.receiving - before.receiving) / seconds
	each.mongo, each.writes, each.redis = (after.mongo-before.mongo)/seconds, (after.writes-before.writes)/seconds,
		(after.redis-before.redis)/seconds
	return each
}

// backlog lets records wait while no relay runs, and returns how many per second are then relayed, and counted.
func (l *layers) backlog(b *testing.B, n int) (relayed, followed float64) {
	p := l.processes["conversations"]
	p.Kill(b)
	l.replica.Kill(b)
	wr := newWriterIn(b, l.uri, l.db.Name())
	concurrently(n/eventsAtOnce, func(i int) {
		if err := wr.write(b.Context(), i); err != nil {
			b.Error(err)
		}
	})
	position := func(collection, id string) float64 {
		var row struct{ Pos int64 }
		if err := l.db.Collection(collection).FindOne(b.Context(), bson.D{{Key: "_id", Value: id}}).Decode(&row); err != nil {
			b.Fatal(err)
		}
		return float64(row.Pos)
	}
	relay := func() float64 { return position("conversations_leases", "relay") }
	counted := func() float64 { return position("statistics_positions", "conversations") }
	first, firstCounted := relay(), counted()
	all := float64(n / eventsAtOnce * eventsAtOnce)
	l.processes["conversations"] = p.Again(b)
	reached := func(at func() float64, place float64) time.Time {
		for at() < place {
			time.Sleep(2 * time.Millisecond)
		}
		return time.Now()
	}
	begun := reached(relay, first+1)
	var ended time.Time
	var both sync.WaitGroup
	both.Go(func() { ended = reached(relay, first+all) })
	counting := reached(counted, firstCounted+1)
	last := reached(counted, firstCounted+all)
	both.Wait()
	return round2(all / ended.Sub(begun).Seconds()), round2(all / last.Sub(counting).Seconds())
}

// clock is the processor time in µs that is lost in the kernel's clock, which counts hundredths of a second, and in a
// component's background work. Less than that counts as nothing.
const clock = 50_000

// since returns the usage of one of n since a moment, and the replica's for receiving its events.
func (l *layers) since(before, idle used, n float64) (o sim.Operation, receiving float64) {
	now := l.look()
	seconds := now.at.Sub(before.at).Seconds()
	each := func(now, before, idle float64) float64 { return round2(max(now-before-idle*seconds, 0) / n) }
	o = sim.Operation{CPU: map[string]float64{}}
	for part := range now.cpu {
		if all := now.cpu[part] - before.cpu[part] - idle.cpu[part]*seconds; all > clock {
			o.CPU[part] = round2(all / n)
		}
	}
	o.Mongo, o.Writes, o.Redis = each(now.mongo, before.mongo, idle.mongo), each(now.writes, before.writes, idle.writes),
		each(now.redis, before.redis, idle.redis)
	o.Events, o.Stored = each(now.events, before.events, 0), each(now.stored, before.stored, 0)
	return o, each(now.receiving, before.receiving, idle.receiving)
}

func round2(x float64) float64 { return math.Round(x*100) / 100 }

func (l *layers) look() used {
	u := used{at: time.Now(), cpu: map[string]float64{}}
	for name, p := range l.processes {
		u.cpu[name] = l.processor(p)
		if p.Admin != "" {
			l.commands(p, &u)
		}
	}
	u.receiving = l.processor(l.replica)
	for _, s := range []string{"conversations", "visitors", "tickets", "webhooks"} {
		var row struct{ Pos int64 }
		if err := l.db.Collection(s+"_leases").FindOne(l.b.Context(),
			bson.D{{Key: "_id", Value: "relay"}}).Decode(&row); err == nil {
			u.events += float64(row.Pos)
		}
	}
	names, err := l.db.ListCollectionNames(l.b.Context(), bson.D{})
	if err != nil {
		l.b.Fatal(err)
	}
	for _, name := range names {
		var stats struct{ Size float64 }
		if err := l.db.RunCommand(l.b.Context(), bson.D{{Key: "collStats", Value: name}}).Decode(&stats); err != nil {
			l.b.Fatal(err)
		}
		u.stored += stats.Size
	}
	return u
}

// processor returns the µs of processor time that a process has used.
func (l *layers) processor(p *cluster.Process) float64 {
	proc, err := procfs.NewProc(p.PID)
	if err != nil {
		l.b.Fatal(err)
	}
	stat, err := proc.Stat()
	if err != nil {
		l.b.Fatal(err)
	}
	return stat.CPUTime() * 1e6
}

// commands adds the commands that a component has sent.
func (l *layers) commands(p *cluster.Process, u *used) {
	_, text := p.Get(l.b, "/metrics")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		l.b.Fatal(err)
	}
	for _, m := range families["db_client_operation_duration_seconds"].GetMetric() {
		n := float64(m.GetHistogram().GetSampleCount())
		for _, label := range m.GetLabel() {
			switch {
			case label.GetName() == "db_system_name" && label.GetValue() == theRedis:
				u.redis += n
			case label.GetName() == "db_system_name":
				u.mongo += n
			case label.GetName() == "db_operation_name" &&
				strings.Contains(" insert update delete findAndModify commitTransaction ", " "+label.GetValue()+" "):
				u.writes += n
			}
		}
	}
}

func (l *layers) write(found sim.Figures) {
	path := os.Getenv("FIVECHAT_FIGURES")
	if path == "" || l.b.Failed() {
		return
	}
	text, err := json.MarshalIndent(found, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		l.b.Fatal(fmt.Errorf("figures: %w", err))
	}
}
