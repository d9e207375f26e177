package embedmongo_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo"
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
	once sync.Once
	cmd  *exec.Cmd
	uri  string
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

// kill ends the process without warning, and waits for its end.
func (c *child) kill() {
	c.once.Do(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
}

// load is everything that the clients of all rounds tried, and that was acknowledged.
type load struct {
	mu           sync.Mutex
	inserted     []string
	pairs        []string
	taken        []string // unique names, each by one of those who tried
	acked, tried atomic.Int64
}

// accounts is how many there are to transfer between, each begun with money.
const accounts, money = 10, 100

// run writes until the server is gone.
func (l *load) run(t *testing.T, uri string, round int) {
	c, err := mongo.Connect(
		options.Client().ApplyURI(uri).SetRetryWrites(false).SetServerSelectionTimeout(300 * time.Millisecond),
	)
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
	if err := docs.FindOneAndUpdate(ctx, d("_id", "counter"), d("$inc", d("n", 1, "group", 1))).Err(); err != nil {
		return err
	}
	l.acked.Add(1)
	if err := l.name(ctx, docs, id); err != nil {
		return err
	}
	if err := transfer(ctx, db.Collection("accounts")); err != nil {
		return err
	}
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

// name claims a unique name that other clients want too.
func (l *load) name(ctx context.Context, docs *mongo.Collection, id string) error {
	round, rest, _ := strings.Cut(id, "/")
	_, turn, _ := strings.Cut(rest, "/")
	name := "name" + round + "/" + turn
	_, err := docs.InsertOne(ctx, d("_id", id+"name", "token", name))
	if mongo.IsDuplicateKeyError(err) {
		return nil
	}
	if err == nil {
		l.mu.Lock()
		l.taken = append(l.taken, name)
		l.mu.Unlock()
	}
	return err
}

// transfer moves some money between two accounts, or gives way to another.
func transfer(ctx context.Context, accs *mongo.Collection) error {
	from := rand.IntN(accounts)
	to := (from + 1 + rand.IntN(accounts-1)) % accounts
	err := accs.Database().Client().UseSession(ctx, func(ctx context.Context) error {
		s := mongo.SessionFromContext(ctx)
		if err := s.StartTransaction(); err != nil {
			return err
		}
		amount := rand.IntN(20)
		for _, move := range [][2]int{{from, -amount}, {to, amount}} {
			if _, err := accs.UpdateOne(ctx, d("_id", move[0]), d("$inc", d("money", move[1]))); err != nil {
				_ = s.AbortTransaction(context.WithoutCancel(ctx))
				return err
			}
		}
		return s.CommitTransaction(ctx)
	})
	var server mongo.ServerError
	if errors.As(err, &server) && server.HasErrorCode(112) {
		return nil
	}
	return err
}

// kills is the number of kills of TestKill.
func kills(t *testing.T) int {
	text := os.Getenv("EMBEDMONGO_KILLS")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	ok(t, err)
	return n
}

func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := startChild(t, dir)
	client := connect(t, c.uri)
	coll := client.Database("test").Collection("docs")
	index(t, coll, d("token", 1), options.Index().SetUnique(true).SetSparse(true))
	index(t, coll, d("group", 1, "_id", -1), nil)
	index(t, coll, d("pair", 1), nil)
	_, err := coll.InsertOne(bg, d("_id", "counter", "token", "counter", "group", 0, "n", 0))
	ok(t, err)
	for i := range accounts {
		_, err := coll.Database().Collection("accounts").InsertOne(bg, d("_id", i, "money", money))
		ok(t, err)
	}
	ok(t, client.Disconnect(bg))
	var l load
	for round := range kills(t) {
		gone := time.AfterFunc(time.Duration(rand.Int64N(int64(time.Second))), c.kill)
		l.run(t, c.uri, round)
		gone.Stop()
		sum, err := embedmongo.Check(bg, dir, func(p embedmongo.Problem) { t.Error(p) })
		ok(t, err)
		c = startChild(t, dir)
		l.verify(t, c)
		t.Logf("kill %d: %+v", round+1, sum)
	}
}

// verify compares the database with what was acknowledged.
func (l *load) verify(t *testing.T, c *child) {
	t.Helper()
	client := connect(t, c.uri)
	defer func() { _ = client.Disconnect(bg) }() // while there is a server to say so to
	coll := client.Database("test").Collection("docs")
	tokens, pairs := map[string]int{}, map[string]int{}
	all, err := coll.Find(bg, d())
	ok(t, err)
	for all.Next(bg) {
		var doc struct{ Token, Pair string }
		ok(t, all.Decode(&doc))
		tokens[doc.Token]++
		pairs[doc.Pair]++
	}
	ok(t, all.Err())
	for _, id := range l.inserted {
		if n := tokens["t"+id]; n != 1 {
			t.Errorf("acknowledged insert %s is there %d times", id, n)
		}
	}
	for _, id := range l.pairs {
		if n := pairs[id]; n != 2 {
			t.Errorf("committed pair %s has %d documents", id, n)
		}
	}
	for _, name := range l.taken {
		if n := tokens[name]; n != 1 {
			t.Errorf("acknowledged unique name %s is there %d times", name, n)
		}
	}
	if sum := total(t, coll.Database().Collection("accounts")); sum != accounts*money {
		t.Errorf("the accounts hold %d together", sum)
	}
	cur, err := coll.Aggregate(bg, mongo.Pipeline{
		d("$match", d("pair", d("$exists", true))),
		d("$group", d("_id", "$pair", "n", d("$sum", 1))), d("$match", d("n", d("$ne", 2))),
	})
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

// total is the money of all accounts.
func total(t *testing.T, accs *mongo.Collection) int {
	t.Helper()
	cur, err := accs.Aggregate(bg, mongo.Pipeline{d("$group", d("_id", nil, "sum", d("$sum", "$money")))})
	ok(t, err)
	var sums []struct{ Sum int }
	ok(t, cur.All(bg, &sums))
	if len(sums) != 1 {
		t.Fatal(sums)
	}
	return sums[0].Sum
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
