package search

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/tests/harness"
)

// fivechat is a whole system in this process, and its store.
type fivechat struct {
	url, token string
	db         *mongo.Database
}

func openFivechat(b *testing.B) fivechat {
	b.Helper()
	store, err := embedmongo.Start(b.Context(), embedmongo.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	quotas, err := harness.GenerousQuotas(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	settings := system.DefaultSettings()
	settings.Gateway.QuotasFile, settings.Service.Mongo.URI = quotas, store.URI()
	s, err := system.Start(b.Context(), system.Options{Data: b.TempDir(), Settings: &settings, Demo: true})
	if err != nil {
		b.Fatal(err)
	}
	client, err := mongo.Connect(options.Client().ApplyURI(store.URI()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = client.Disconnect(b.Context())
		_ = s.Stop(b.Context())
		_ = store.Close()
	})
	return fivechat{s.URL(), s.Demo.Websites[0].Tokens["READ_WRITE"], client.Database("fivechat")}
}

// index imports conversations, and reports the cost: the whole of it, since messages and terms are stored together.
// More than the API imports in minutes are copied afterwards.
func (f fivechat) index(b *testing.B, c corpus, all int64) {
	before, begun := processorTime(b), time.Now()
	conversations := min(all, imported)
	var next atomic.Int64
	var importers sync.WaitGroup
	for range clients {
		importers.Go(func() {
			for first := next.Add(batch) - batch; first < conversations && !b.Failed(); first = next.Add(batch) - batch {
				f.do(b, http.MethodPost, "/conversations/import", c.rows(first, min(batch, conversations-first)))
			}
		})
	}
	importers.Wait()
	report(b, time.Since(begun), processorTime(b)-before, conversations*c.messages)
	if all > conversations {
		f.copy(b, all)
	}
	var stats struct{ IndexSizes map[string]int64 }
	err := f.db.RunCommand(b.Context(), bson.D{{Key: "collStats", Value: "conversations_conversations"}}).Decode(&stats)
	if err != nil {
		b.Fatal(err)
	}
	size := int64(0)
	for name, bytes := range stats.IndexSizes {
		if strings.Contains(name, "terms") {
			size += bytes
		}
	}
	b.ReportMetric(perMillion(size, all*c.messages), "MB-index/10⁶-messages")
}

// copy fills the collection up with older copies of the first conversations. A search reads a row and its terms only,
// so the copies have no messages. What lists count beside the rows stays as it is.
func (f fivechat) copy(b *testing.B, all int64) {
	b.Helper()
	rows := f.db.Collection("conversations_conversations")
	keys := make([]string, repeated)
	for i := range keys {
		keys[i] = fmt.Sprint("c", i)
	}
	found, err := rows.Find(b.Context(), bson.D{{Key: "importKey", Value: bson.D{{Key: "$in", Value: keys}}}})
	if err != nil {
		b.Fatal(err)
	}
	var sources []bson.M
	if err := found.All(b.Context(), &sources); err != nil || len(sources) != repeated {
		b.Fatalf("%d rows to copy: %v", len(sources), err)
	}
	created := time.Now().AddDate(-1, 0, 0)
	for n := int64(imported); n < all; n += repeated {
		for i, row := range sources {
			number := n + int64(i)
			row["_id"], row["token"], row["importKey"] = number+1_000_000, fmt.Sprint("copy-", number), fmt.Sprint("c", number)
			row["createdAt"] = created.Add(-time.Duration(number) * time.Second)
		}
		if _, err := rows.InsertMany(b.Context(), sources); err != nil {
			b.Fatal(err)
		}
	}
}

// rows is an import of n conversations from a number on.
func (c corpus) rows(first, n int64) []byte {
	type turn struct {
		From string `json:"from"`
		Text string `json:"text"`
	}
	type row struct {
		Key   string `json:"key"`
		Turns []turn `json:"turns"`
	}
	all := make([]row, n)
	for i := range all {
		r := row{Key: fmt.Sprint("c", first+int64(i))}
		for j, text := range c.conversation(first + int64(i)) {
			r.Turns = append(r.Turns, turn{[]string{"visitor", "agent"}[j%2], text})
		}
		all[i] = r
	}
	body, _ := json.Marshal(map[string]any{"rows": all})
	return body
}

// search returns the total of a search's first page, and whether it is exact.
func (f fivechat) search(b *testing.B, search string) (total int64, exact bool) {
	b.Helper()
	path := fmt.Sprintf("/inbox?limit=%d&search=%s", rows, url.QueryEscape(search))
	var page struct {
		Data          []json.RawMessage
		Total         int64
		TotalRelation string
	}
	if err := json.Unmarshal(f.do(b, http.MethodGet, path, nil), &page); err != nil {
		b.Fatal(err)
	}
	if int64(len(page.Data)) != min(rows, page.Total) {
		b.Fatalf("%s: %d rows of %d", search, len(page.Data), page.Total)
	}
	return page.Total, page.TotalRelation != "gte"
}

// do sends a request and returns the body of its response.
func (f fivechat) do(b *testing.B, method, path string, body []byte) []byte {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, f.url+path, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+f.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, answer, err)
	}
	return answer
}
