package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	chat "fivechat.dev/services/conversations"
)

const (
	eventsASecond = 1_000
	eventsAtOnce  = 10 // in one transaction
	eventSeconds  = 20
	eventWebsites = 20
)

// writer writes into the log of conversations that a system follows, and reads how much of it is counted.
type writer struct {
	db        *mongokit.DB
	log       *outbox.Log
	positions *mongokit.Global[bson.M]
}

func newWriter(b *testing.B, uri string) writer { return newWriterIn(b, uri, "fivechat") }

func newWriterIn(b *testing.B, uri, database string) writer {
	b.Helper()
	tele, err := telemetry.New(b.Context(), "conversations", telemetry.Config{LogTo: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	db, err := mongokit.Connect(mongokit.Config{URI: uri, Database: database}, tele)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close(context.Background()) })
	return writer{db, outbox.NewLog(db, tele), mongokit.GlobalOf[bson.M](db, "statistics_positions", "position")}
}

// write writes the n-th batch of events in one transaction: conversations are opened, and visitors and agents write in
// turn.
func (w writer) write(ctx context.Context, n int) error {
	t, err := tenant.New(int64(1_000 + n%eventWebsites))
	if err != nil {
		return err
	}
	now, agent, seconds := time.Now().UTC(), id.User(n%50+1), float64(n%600)
	c := chat.Conversation{
		ID: id.Conversation(n + 1), WebsiteID: t, Token: "conv_of_a_benchmark", Status: chat.Open,
		Tags: []string{"Travel"}, CreatedAt: now, UpdatedAt: now,
	}
	view := c.View(now, nil, "")
	said := chat.Message{
		ID: id.Message(n), Content: "Where can I see the flights that I have booked for next week?",
		CreatedAt: now, UpdatedAt: now,
	}.View()
	return w.db.Tx(ctx, func(ctx context.Context) error {
		err := w.log.Append(ctx, t, int64(c.ID), contract.ConversationOpenedData{Conversation: view})
		for i := 1; i < eventsAtOnce-2 && err == nil; i++ {
			d := contract.MessageCreatedData{Conversation: view, Message: said, Sender: chat.FromVisitor}
			if i%2 == 0 {
				d.Sender, d.AgentID = chat.FromAgent, &agent
			}
			if i == 2 {
				d.FirstResponseSeconds = &seconds
			}
			err = w.log.Append(ctx, t, int64(c.ID), d)
		}
		if err != nil {
			return err
		}
		if err := w.log.Append(ctx, t, int64(c.ID), contract.ConversationUpdatedData{
			Conversation: view, From: chat.Open, Status: chat.Closed, ResolutionSeconds: &seconds,
		}); err != nil {
			return err
		}
		return w.log.Append(ctx, t, int64(c.ID), contract.ConversationRatedData{
			Conversation: view, Rating: int64(n%5 + 1), RatedAt: &now, AgentID: &agent,
		})
	})
}

// counted returns how many events of the log are counted.
func (w writer) counted(ctx context.Context) int64 {
	row, err := w.positions.Get(ctx, bson.D{{Key: "_id", Value: "conversations"}})
	if err != nil {
		return 0
	}
	pos, _ := row["pos"].(int64)
	return pos
}

// BenchmarkProjection writes 1,000 events per second into a log for a while. It reports how long it took until they
// were in counters and buckets, and the processor time of all of it: of the writer, the store, the relay and every
// follower. One iteration is enough: -benchtime 1x.
func BenchmarkProjection(b *testing.B) {
	// Close runs after the system's end, not with the context of the benchmark, which ends earlier.
	store, err := embedmongo.Start(context.WithoutCancel(b.Context()), embedmongo.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	settings := generous(b)
	settings.Service.Mongo.URI = store.URI()
	s, err := system.Start(b.Context(), system.Options{Data: b.TempDir(), Settings: settings})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop(context.Background()) })
	w := newWriter(b, store.URI())
	for b.Loop() {
		before, start := processorTime(b), time.Now()
		lags := project(b, w)
		slices.Sort(lags)
		at := func(q float64) float64 { return lags[int(q*float64(len(lags)-1))].Seconds() * 1000 }
		b.ReportMetric(at(0.5), "p50-lag-ms")
		b.ReportMetric(at(0.99), "p99-lag-ms")
		b.ReportMetric(at(1), "max-lag-ms")
		b.ReportMetric(float64(eventsASecond*eventSeconds)/time.Since(start).Seconds(), "events/s")
		b.ReportMetric(float64(processorTime(b)-before)/float64(time.Since(start)), "cores")
	}
}

// project writes at its rate, and returns how long each transaction took from its start until it was counted.
func project(b *testing.B, w writer) []time.Duration {
	b.Helper()
	const all = eventsASecond * eventSeconds / eventsAtOnce
	begun, first := make(chan time.Time, all), w.counted(b.Context())
	go func() {
		defer close(begun)
		ticker := time.NewTicker(time.Second * eventsAtOnce / eventsASecond)
		defer ticker.Stop()
		for n := range all {
			due := <-ticker.C
			if err := w.write(b.Context(), n); err != nil {
				b.Error(err)
				return
			}
			begun <- due
		}
	}()
	var lags []time.Duration
	for due := range begun {
		for w.counted(b.Context()) < first+int64(len(lags)+1)*eventsAtOnce {
			if time.Since(due) > time.Minute {
				b.Fatal(fmt.Errorf("%d of %d are not counted", len(lags), all))
			}
			time.Sleep(5 * time.Millisecond)
		}
		lags = append(lags, time.Since(due))
	}
	return lags
}
