package rowcount_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
)

// TestBytesCountFullBlocks checks that additions, resizes and removals add up to the result of a recount, and that a
// change within a block writes nothing.
func TestBytesCountFullBlocks(t *testing.T) {
	t.Parallel()
	b := openJar(t, storetest.Database())
	var rows []int64 // the texts' sizes, for a recount
	texts := rowcount.NewBytes(b.db, "test_bytes", func(_ context.Context, _ tenant.ID, add func(int64)) error {
		for _, text := range rows {
			add(text)
		}
		return nil
	})
	if err := b.db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = texts.Run(ctx, slog.New(slog.DiscardHandler)) })
	t.Cleanup(func() { stop(); running.Wait() })
	one, err := tenant.New(1)
	if err != nil {
		t.Fatal(err)
	}
	rows = []int64{3 * rowcount.Block}
	for _, step := range []struct {
		name   string
		change func(ctx context.Context) error
		want   int64 // blocks
	}{
		{"the first sum counts the rows", func(context.Context) error { return nil }, 3},
		{"less than a block", func(ctx context.Context) error { return texts.Add(ctx, one, rowcount.Block-1) }, 3},
		{
			"two rows",
			func(ctx context.Context) error { return texts.Add(ctx, one, rowcount.Block, 5*rowcount.Block+1) }, 9,
		},
		{"growing within a block", func(ctx context.Context) error {
			return texts.Resize(ctx, one, 5*rowcount.Block+1, 6*rowcount.Block-1)
		}, 9},
		{"growing beyond a block", func(ctx context.Context) error {
			return texts.Resize(ctx, one, 6*rowcount.Block-1, 6*rowcount.Block)
		}, 10},
		{"shrinking", func(ctx context.Context) error { return texts.Resize(ctx, one, 6*rowcount.Block, 0) }, 4},
		{"removing", func(ctx context.Context) error { return texts.Remove(ctx, one, rowcount.Block) }, 3},
	} {
		if err := b.db.Tx(t.Context(), step.change); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if n, err := texts.Of(t.Context(), one); n != step.want*rowcount.Block || err != nil {
			t.Errorf("%s: %d bytes, %v; want %d blocks", step.name, n, err, step.want)
		}
	}
	changes, err := mongokit.GlobalOf[struct{}](b.db, "test_bytes_changes", "change").Count(t.Context(), nil)
	if err == nil && changes != 4 {
		t.Errorf("%d changes are stored, want 4", changes)
	}
}
