package embedmongo_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

var txOptions = options.Transaction().SetReadConcern(readconcern.Snapshot()).SetWriteConcern(writeconcern.Majority())

// begin opens a session with a transaction.
func begin(t testing.TB, c *mongo.Client) (*mongo.Session, context.Context) {
	t.Helper()
	s, err := c.StartSession()
	ok(t, err)
	t.Cleanup(func() { s.EndSession(bg) })
	ok(t, s.StartTransaction(txOptions))
	return s, mongo.NewSessionContext(bg, s)
}

func count(t testing.TB, ctx context.Context, c *mongo.Collection, filter any) int64 {
	t.Helper()
	n, err := c.CountDocuments(ctx, filter)
	ok(t, err)
	return n
}

func wantTransient(t testing.TB, err error, code int) {
	t.Helper()
	wantCode(t, err, code)
	var se mongo.ServerError
	if errors.As(err, &se); !se.HasErrorLabel("TransientTransactionError") {
		t.Fatal("no transient label:", err)
	}
}

func TestTransactionIsolation(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("docs")
	index(t, c, d("k", 1), nil)
	_, err := c.InsertMany(bg, []any{d("_id", 1, "k", 1), d("_id", 2, "k", 2)})
	ok(t, err)
	s, tx := begin(t, db.Client())
	if n := count(t, tx, c, d("k", d("$gt", 0))); n != 2 {
		t.Fatal(n)
	}
	_, err = c.InsertOne(bg, d("_id", 3, "k", 3))
	ok(t, err)
	_, err = c.InsertOne(tx, d("_id", 4, "k", 4))
	ok(t, err)
	_, err = c.UpdateOne(tx, d("_id", 1), d("$set", d("k", 10)))
	ok(t, err)
	_, err = c.DeleteOne(tx, d("k", 2))
	ok(t, err)
	cur, err := c.Find(tx, d("k", d("$gt", 0)), options.Find().SetSort(d("k", -1)))
	if got := fmt.Sprint(ids(t, cur, err)); got != "[1 4]" {
		t.Fatal("inside:", got)
	}
	cur, err = c.Find(bg, d("k", d("$gt", 0)), options.Find().SetSort(d("k", -1)))
	if got := fmt.Sprint(ids(t, cur, err)); got != "[3 2 1]" {
		t.Fatal("outside:", got)
	}
	ok(t, s.CommitTransaction(bg))
	ok(t, s.CommitTransaction(bg))
	cur, err = c.Find(bg, d("k", d("$gt", 0)), options.Find().SetSort(d("k", -1)))
	if got := fmt.Sprint(ids(t, cur, err)); got != "[1 4 3]" {
		t.Fatal("after:", got)
	}
}

func TestTransactionAbort(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("docs")
	index(t, c, d("u", 1), options.Index().SetUnique(true))
	s, tx := begin(t, db.Client())
	_, err := c.InsertOne(tx, d("_id", 1, "u", 1))
	ok(t, err)
	ok(t, s.AbortTransaction(bg))
	if n := count(t, bg, c, d()); n != 0 {
		t.Fatal(n)
	}
	_, err = c.InsertOne(bg, d("_id", 2, "u", 1))
	ok(t, err)

	ok(t, s.StartTransaction())
	_, err = c.InsertOne(tx, d("_id", 3, "u", 3))
	ok(t, err)
	_, err = c.InsertOne(tx, d("_id", 4, "u", 1))
	wantCode(t, err, 11000)
	_, err = c.InsertOne(tx, d("_id", 5, "u", 5))
	wantTransient(t, err, 251)
	_ = s.AbortTransaction(bg)
	if n := count(t, bg, c, d()); n != 1 {
		t.Fatal(n)
	}
}

func TestTransactionConflict(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("docs")
	_, err := c.InsertMany(bg, []any{d("_id", 1, "n", 0), d("_id", 2, "n", 0)})
	ok(t, err)
	inc := d("$inc", d("n", 1))
	s1, tx1 := begin(t, db.Client())
	s2, tx2 := begin(t, db.Client())
	count(t, tx1, c, d())
	count(t, tx2, c, d())
	_, err = c.UpdateOne(tx1, d("_id", 1), inc)
	ok(t, err)
	_, err = c.UpdateOne(tx2, d("_id", 1), inc) // locked by another transaction
	wantTransient(t, err, 112)
	_ = s2.AbortTransaction(bg)
	_, err = c.UpdateOne(bg, d("_id", 2), inc)
	ok(t, err)
	_, err = c.UpdateOne(tx1, d("_id", 2), inc) // changed since the snapshot
	wantTransient(t, err, 112)
	_ = s1.AbortTransaction(bg)
	_, err = c.UpdateOne(bg, d("_id", 1), inc) // the locks are free again
	ok(t, err)
}

func TestTransfersKeepTheTotal(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("accounts")
	const accounts, workers, transfers = 10, 8, 20
	for i := range accounts {
		_, err := c.InsertOne(bg, d("_id", i, "balance", 100))
		ok(t, err)
	}
	total := func(ctx context.Context) (sum int32, err error) {
		cur, err := c.Aggregate(ctx, bson.A{d("$group", d("_id", nil, "sum", d("$sum", "$balance")))})
		if err != nil {
			return 0, err
		}
		var out []struct{ Sum int32 }
		if err := cur.All(ctx, &out); err != nil {
			return 0, err
		}
		return out[0].Sum, nil
	}
	var writers, reader sync.WaitGroup
	done := make(chan struct{})
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if sum, err := total(bg); err != nil || sum != accounts*100 {
				t.Error("sum", sum, err)
				return
			}
		}
	})
	for w := range workers {
		writers.Go(func() {
			s, err := db.Client().StartSession()
			if err != nil {
				t.Error(err)
				return
			}
			defer s.EndSession(bg)
			for i := range transfers {
				from, to := (w+i)%accounts, (w*3+i*7+1)%accounts
				if from == to {
					to = (to + 1) % accounts
				}
				_, err := s.WithTransaction(bg, func(ctx context.Context) (any, error) {
					if _, err := c.UpdateOne(ctx, d("_id", from), d("$inc", d("balance", -1))); err != nil {
						return nil, err
					}
					return c.UpdateOne(ctx, d("_id", to), d("$inc", d("balance", 1)))
				}, txOptions)
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	reader.Wait()
	if sum, err := total(bg); err != nil || sum != accounts*100 {
		t.Fatal(sum, err)
	}
}

// TestLedgerExplainsEveryBalance: a transfer is an entry in a ledger, and each account stores how much of the ledger
// it includes. In one snapshot, readers find that the ledger explains every balance and that no account is
// overdrawn.
func TestLedgerExplainsEveryBalance(t *testing.T) {
	t.Parallel()
	db := database(t)
	accounts, ledger := db.Collection("balances"), db.Collection("ledger")
	index(t, ledger, d("to", 1), nil)
	const owners, workers, transfers, opening = 6, 8, 15, 20
	for i := range owners {
		_, err := accounts.InsertOne(bg, d("_id", i, "balance", opening))
		ok(t, err)
	}
	type row struct {
		ID      int `bson:"_id"`
		Balance int
		From    int
		To      int
		Amount  int
	}
	all := func(ctx context.Context, c *mongo.Collection, filter bson.D) (rows []row, err error) {
		cur, err := c.Find(ctx, filter)
		if err == nil {
			err = cur.All(ctx, &rows)
		}
		return rows, err
	}
	// audit reads the accounts, then their entries one account after the other, all as of one moment.
	audit := func() error {
		return db.Client().UseSession(bg, func(ctx context.Context) error {
			_, err := mongo.SessionFromContext(ctx).WithTransaction(ctx, func(ctx context.Context) (any, error) {
				balances, err := all(ctx, accounts, d())
				if err != nil {
					return nil, err
				}
				explained := map[int]int{}
				for i := range owners {
					entries, err := all(ctx, ledger, d("to", i))
					if err != nil {
						return nil, err
					}
					for _, e := range entries {
						explained[e.From] -= e.Amount
						explained[e.To] += e.Amount
					}
				}
				for _, a := range balances {
					if a.Balance < 0 || a.Balance != opening+explained[a.ID] {
						return nil, fmt.Errorf(
							"account %d holds %d, the ledger says %d",
							a.ID,
							a.Balance,
							opening+explained[a.ID],
						)
					}
				}
				return nil, nil
			}, txOptions)
			return err
		})
	}
	var writers, reader sync.WaitGroup
	done := make(chan struct{})
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if err := audit(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for w := range workers {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			for i := range transfers {
				from, amount := r.IntN(owners), 1+r.IntN(opening)
				to := (from + 1 + r.IntN(owners-1)) % owners
				err := db.Client().UseSession(bg, func(ctx context.Context) error {
					_, err := mongo.SessionFromContext(ctx).
						WithTransaction(ctx, func(ctx context.Context) (any, error) {
							paid, err := accounts.UpdateOne(
								ctx,
								d("_id", from, "balance", d("$gte", amount)),
								d("$inc", d("balance", -amount)),
							)
							if err != nil || paid.ModifiedCount == 0 {
								return nil, err // too poor
							}
							_, err = accounts.UpdateOne(ctx, d("_id", to), d("$inc", d("balance", amount)))
							if err != nil {
								return nil, err
							}
							return ledger.InsertOne(
								ctx,
								d("_id", w*transfers+i, "from", from, "to", to, "amount", amount),
							)
						}, txOptions)
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	reader.Wait()
	ok(t, audit())
	if count(t, bg, ledger, d()) == 0 {
		t.Error("nothing was transferred")
	}
}

func TestHotDocument(t *testing.T) {
	t.Parallel()
	db := database(t)
	hot, messages := db.Collection("hot"), db.Collection("messages")
	index(t, messages, d("n", 1), options.Index().SetUnique(true))
	_, err := hot.InsertOne(bg, d("_id", 1, "n", 0))
	ok(t, err)
	const writers, rounds = 64, 4
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				err := db.Client().UseSession(bg, func(s context.Context) error {
					_, err := mongo.SessionFromContext(s).WithTransaction(s, func(ctx context.Context) (any, error) {
						var doc struct{ N int }
						after := options.FindOneAndUpdate().SetReturnDocument(options.After)
						err := hot.FindOneAndUpdate(ctx, d("_id", 1), d("$inc", d("n", 1)), after).
							Decode(&doc)
						if err != nil {
							return nil, err
						}
						return messages.InsertOne(ctx, d("_id", fmt.Sprint(w, "/", i), "n", doc.N))
					}, txOptions)
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	var doc struct{ N int }
	ok(t, hot.FindOne(bg, d()).Decode(&doc))
	if doc.N != writers*rounds || count(t, bg, messages, d()) != writers*rounds {
		t.Fatal(doc)
	}
}

func TestConcurrentSingleWrites(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("docs")
	index(t, c, d("slot", 1), options.Index().SetUnique(true).SetSparse(true))
	const writers, rounds = 64, 10
	var wg sync.WaitGroup
	var mu sync.Mutex
	won, drawn := 0, map[int64]bool{}
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				upsert := options.UpdateOne().SetUpsert(true)
				if _, err := c.UpdateOne(bg, d("_id", "counter"), d("$inc", d("n", 1)), upsert); err != nil {
					t.Error(err)
				}
				var seq struct{ N int64 }
				err := c.FindOneAndUpdate(bg, d("_id", "sequence"), d("$inc", d("n", int64(1))),
					options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)).Decode(&seq)
				if err != nil {
					t.Error(err)
				}
				_, err = c.InsertOne(bg, d("_id", fmt.Sprint(w, "/", i), "slot", i))
				mu.Lock()
				if drawn[seq.N] || seq.N < 1 || seq.N > writers*rounds {
					t.Error("sequence number used twice, or after a skipped one:", seq.N)
				}
				drawn[seq.N] = true
				if err == nil {
					won++
				} else if !mongo.IsDuplicateKeyError(err) {
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	var counter struct{ N int }
	ok(t, c.FindOne(bg, d("_id", "counter")).Decode(&counter))
	if counter.N != writers*rounds || won != rounds || len(drawn) != writers*rounds {
		t.Fatal(counter, won, len(drawn))
	}
}

func TestWorkQueue(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("jobs")
	index(t, c, d("state", 1, "at", 1), nil)
	const jobs = 200
	for i := range jobs {
		_, err := c.InsertOne(bg, d("_id", i, "state", "new", "at", i))
		ok(t, err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := map[int]int{}
	for range 16 {
		wg.Go(func() {
			for {
				var job struct {
					ID int `bson:"_id"`
				}
				oldest := options.FindOneAndUpdate().SetSort(d("at", 1))
				err := c.FindOneAndUpdate(bg, d("state", "new"), d("$set", d("state", "busy")), oldest).
					Decode(&job)
				if errors.Is(err, mongo.ErrNoDocuments) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				taken[job.ID]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(taken) != jobs {
		t.Fatal(len(taken))
	}
	for id, n := range taken {
		if n != 1 {
			t.Fatal("job", id, "claimed", n, "times")
		}
	}
}
