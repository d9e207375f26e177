package embedmongo_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// childDir names the variable that turns the test binary into a server.
const childDir = "EMBEDMONGO_TEST_SERVER_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := embedmongo.Start(context.Background(), embedmongo.Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.URI())
	select {}
}

// child is a server process of its own.
type child struct {
	cmd *exec.Cmd
	uri string
}

func startChild(t *testing.T, dir string) *child {
	t.Helper()
	exe, err := os.Executable()
	ok(t, err)
	c := &child{cmd: exec.Command(exe, "-test.run=^$")}
	c.cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := c.cmd.StdoutPipe()
	ok(t, err)
	ok(t, c.cmd.Start())
	t.Cleanup(c.kill)
	line := bufio.NewScanner(out)
	if !line.Scan() {
		t.Fatal("the server process did not start")
	}
	c.uri = line.Text()
	return c
}

// kill ends the process without warning.
func (c *child) kill() {
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	}
}

// load is what the clients of all rounds had acknowledged and tried.
type load struct {
	mu           sync.Mutex
	inserted     []string
	pairs        []string
	acked, tried atomic.Int64
}

// run writes until the server is gone.
func (l *load) run(t *testing.T, uri string, round int, enough func()) {
	c, err := mongo.Connect(options.Client().ApplyURI(uri).SetRetryWrites(false).SetServerSelectionTimeout(300 * time.Millisecond))
	ok(t, err)
	defer func() { _ = c.Disconnect(bg) }()
	db := c.Database("test")
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d/%d/%d", round, w, i)
				if err := l.once(ctx, db, id); err != nil {
					cancel()
					return
				}
				enough()
			}
		})
	}
	wg.Wait()
}

func (l *load) once(ctx context.Context, db *mongo.Database, id string) error {
	docs := db.Collection("docs")
	if _, err := docs.InsertOne(ctx, d("_id", id, "token", "t"+id, "group", len(id), "n", 0)); err != nil {
		return err
	}
	l.mu.Lock()
	l.inserted = append(l.inserted, id)
	l.mu.Unlock()
	l.tried.Add(1)
	if _, err := docs.UpdateOne(ctx, d("_id", "counter"), d("$inc", d("n", 1, "group", 1))); err != nil {
		return err
	}
	l.acked.Add(1)
	err := db.Client().UseSession(ctx, func(ctx context.Context) error {
		s := mongo.SessionFromContext(ctx)
		if err := s.StartTransaction(); err != nil {
			return err
		}
		for _, half := range []string{"a", "b"} {
			if _, err := docs.InsertOne(ctx, d("_id", id+half, "pair", id)); err != nil {
				return err
			}
		}
		return s.CommitTransaction(ctx)
	})
	if err == nil {
		l.mu.Lock()
		l.pairs = append(l.pairs, id)
		l.mu.Unlock()
	}
	return err
}

func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := startChild(t, dir)
	coll := connect(t, c.uri).Database("test").Collection("docs")
	index(t, coll, d("token", 1), options.Index().SetUnique(true).SetSparse(true))
	index(t, coll, d("group", 1, "_id", -1), nil)
	index(t, coll, d("pair", 1), nil)
	_, err := coll.InsertOne(bg, d("_id", "counter", "token", "counter", "group", 0, "n", 0))
	ok(t, err)
	var l load
	for round := range 3 {
		var left atomic.Int64
		left.Store(20 + rand.Int64N(100))
		l.run(t, c.uri, round, func() {
			if left.Add(-1) == 0 {
				c.kill()
			}
		})
		c = startChild(t, dir)
	}
	l.verify(t, c)
	c.kill()
	engine, err := store.Open(dir, slog.Default())
	ok(t, err)
	defer func() { ok(t, engine.Close()) }()
	ok(t, engine.Check())
}

// verify compares the database with what was acknowledged.
func (l *load) verify(t *testing.T, c *child) {
	t.Helper()
	coll := connect(t, c.uri).Database("test").Collection("docs")
	for _, id := range l.inserted {
		if n := count(t, bg, coll, d("token", "t"+id)); n != 1 {
			t.Errorf("acknowledged insert %s is there %d times", id, n)
		}
	}
	for _, id := range l.pairs {
		if n := count(t, bg, coll, d("pair", id)); n != 2 {
			t.Errorf("committed pair %s has %d documents", id, n)
		}
	}
	cur, err := coll.Aggregate(bg, mongo.Pipeline{d("$match", d("pair", d("$exists", true))),
		d("$group", d("_id", "$pair", "n", d("$sum", 1))), d("$match", d("n", d("$ne", 2)))})
	ok(t, err)
	if cur.Next(bg) {
		t.Error("half of a transaction:", cur.Current)
	}
	var counter struct{ N int64 }
	ok(t, coll.FindOne(bg, d("_id", "counter")).Decode(&counter))
	if counter.N < l.acked.Load() || counter.N > l.tried.Load() {
		t.Errorf("counter is %d, acknowledged %d, tried %d", counter.N, l.acked.Load(), l.tried.Load())
	}
	t.Logf("%d inserts, %d pairs, %d increments survived", len(l.inserted), len(l.pairs), counter.N)
}

func TestFolderLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := startChild(t, dir)
	s, err := embedmongo.Start(bg, embedmongo.Options{Dir: dir})
	if err == nil {
		t.Fatal("two servers share one folder", errors.Join(s.Close()))
	}
	c.kill()
	start(t, dir)
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/made/on/demand"
	s, err := embedmongo.Start(bg, embedmongo.Options{Dir: dir})
	ok(t, err)
	c := connect(t, s.URI()).Database("test").Collection("docs")
	index(t, c, d("tags", 1), nil)
	_, err = c.InsertOne(bg, d("_id", 1, "tags", []string{"a", "b"}))
	ok(t, err)
	ok(t, s.Close())
	c = connect(t, start(t, dir).URI()).Database("test").Collection("docs")
	if n := count(t, bg, c, d("tags", d("$all", []string{"a", "b"}))); n != 1 {
		t.Fatal(n)
	}
	index(t, c, d("other", 1), nil)
	names, err := c.Indexes().ListSpecifications(bg)
	ok(t, err)
	if len(names) != 3 {
		t.Fatal(names)
	}
}
