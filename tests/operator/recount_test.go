package operator_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/tests/harness"
)

func recount(t *testing.T, w *harness.World, repair bool) harness.Object {
	t.Helper()
	return w.Operator().Send(t, 200, "POST", fmt.Sprintf("/operator/websites/%d/statistics/recount", w.ID),
		harness.Map{"repair": repair})
}

// assertNoDrift fails the test if a recount finds a wrong counter.
func assertNoDrift(t *testing.T, w *harness.World, when string) {
	t.Helper()
	if got := recount(t, w, false); len(got.M["drift"].([]any)) > 0 || got.M["repaired"] != false {
		t.Errorf("%s: %s", when, got)
	}
}

// TestRecountDuringWrites: while visitors arrive, write, rate, close and are erased, agents write first, and rows are
// imported, every recount finds the counters right.
func TestRecountDuringWrites(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	var writers sync.WaitGroup
	defer writers.Wait() // also if a recount ends the test
	done := make(chan struct{})
	for n := range 4 {
		writers.Go(func() {
			for i := range 12 {
				v := w.Visit(t, nil)
				c := v.Open(t, "Is it open?")
				w.Reply(t, c, "It is.")
				v.Say(t, c, "Thank you.")
				w.Agent().Do(t, "PATCH", "/conversations/"+c, harness.Map{"status": "CLOSED"}).Want(t, 200)
				begun := w.Agent().Send(t, 201, "POST", "/visitors/"+v.Token+"/conversations", harness.Map{"content": "Any luck?"})
				v.Say(t, begun.Text("token"), "Yes.")
				if i%3 == n%3 {
					v.Say(t, c, "One more thing.")
				}
				if i%6 == n {
					w.Import(t, 5)
					w.Operator().Send(t, 202, "DELETE", fmt.Sprintf("/operator/websites/%d/visitors/%s", w.ID, v.Token), nil)
				}
			}
		})
	}
	go func() { writers.Wait(); close(done) }()
	recounts := 0
	for going := true; going; recounts++ {
		select {
		case <-done:
			going = false
		default:
		}
		assertNoDrift(t, w, fmt.Sprintf("recount %d", recounts))
	}
	if recounts < 3 {
		t.Errorf("only %d recounts", recounts)
	}
}

// TestDriftIsFoundAndRepaired sets wrong counters in the store.
func TestDriftIsFoundAndRepaired(t *testing.T) {
	t.Parallel()
	w, other := harness.Running().World(t, harness.Pro), harness.Running().World(t, harness.Pro)
	w.Import(t, 20)
	before := w.Reader().Get(t, "/statistics/current")
	harness.Eventually(t, harness.Patience, "the import", func() (bool, any) {
		before = w.Reader().Get(t, "/statistics/current")
		return before.Int("totalConversations") == 21 && before.Int("totalVisitors") == 22, before
	})
	assertNoDrift(t, w, "before")
	r, err := store(t).Collection("statistics_counters").UpdateOne(t.Context(), bson.D{{Key: "websiteId", Value: w.ID}},
		bson.D{{Key: "$inc", Value: bson.D{
			{Key: "totalMessages", Value: int64(5)},
			{Key: "totalVisitors", Value: int64(-2)},
			{Key: "responseSeconds", Value: 1.5},
		}}})
	if err != nil || r.ModifiedCount != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	for _, repair := range []bool{false, true} {
		got := recount(t, w, repair)
		found := map[string]float64{}
		for _, d := range got.M["drift"].([]any) {
			d := d.(map[string]any)
			number, err := d["difference"].(json.Number).Float64()
			if err != nil {
				t.Fatal(err)
			}
			found[d["counter"].(string)] = number
		}
		if len(found) != 3 || found["totalMessages"] != 5 || found["totalVisitors"] != -2 ||
			found["responseSeconds"] < 1.4999 || found["responseSeconds"] > 1.5001 || got.M["repaired"] != repair {
			t.Errorf("repair %t: %s", repair, got)
		}
	}
	assertNoDrift(t, w, "afterwards")
	after := w.Reader().Get(t, "/statistics/current")
	if after.Int("totalMessages") != before.Int("totalMessages") ||
		after.Int("totalVisitors") != before.Int("totalVisitors") {
		t.Errorf("the counters are %s, were %s", after, before)
	}
	if got := recount(t, w, true); got.M["repaired"] != false {
		t.Errorf("a second repair found drift: %s", got)
	}
	assertNoDrift(t, other, "of another website")
	w.Operator().Do(t, "POST", "/operator/websites/999999999/statistics/recount", harness.Map{}).Want(t, 404)
	w.Operator().Do(t, "POST", fmt.Sprintf("/operator/websites/%d/statistics/recount", w.ID),
		harness.Map{"repair": "yes"}).Want(t, 400)
	w.Agent().Do(t, "POST", fmt.Sprintf("/operator/websites/%d/statistics/recount", w.ID), harness.Map{}).Want(t, 404)
}
