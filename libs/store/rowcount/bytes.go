package rowcount

import (
	"context"
	"log/slog"
	"sync"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

// Block is the unit, in bytes, in which Bytes counts. A row's text counts by its full blocks, so that a message rarely
// changes the count of its conversation, and most rows need no count. A remainder of less than a block is part of the
// row, which counts as one block: see Stored.
const Block = 4 << 10

// Bytes counts approximately how many bytes the texts of a website's rows have.
type Bytes struct{ blocks *Counter[block] }

type block struct{}

// NewBytes declares the count, stored in name+"_changes" and name+"_sums". count calls add with the bytes of each
// row's text, in the transaction of ctx.
func NewBytes(
	db *mongokit.DB,
	name string,
	count func(ctx context.Context, t tenant.ID, add func(text int64)) error,
) *Bytes {
	return &Bytes{New(db, name, func(ctx context.Context, t tenant.ID, add func(block)) error {
		return count(ctx, t, func(text int64) {
			for range blocks(text) {
				add(block{})
			}
		})
	})}
}

func blocks(text int64) int64 { return text / Block }

// Add adds new rows, by the bytes of their texts. Call it inside the transaction that stores the rows.
func (b *Bytes) Add(ctx context.Context, t tenant.ID, texts ...int64) error {
	var n int64
	for _, text := range texts {
		n += blocks(text)
	}
	return b.change(ctx, t, n)
}

// Remove subtracts deleted rows, as Add adds new ones.
func (b *Bytes) Remove(ctx context.Context, t tenant.ID, texts ...int64) error {
	var n int64
	for _, text := range texts {
		n += blocks(text)
	}
	return b.change(ctx, t, -n)
}

// Resize changes the length of a row's text. It writes nothing if the text still has the same number of blocks.
func (b *Bytes) Resize(ctx context.Context, t tenant.ID, before, after int64) error {
	return b.change(ctx, t, blocks(after)-blocks(before))
}

func (b *Bytes) change(ctx context.Context, t tenant.ID, n int64) error {
	if n == 0 {
		return nil
	}
	return b.blocks.Add(ctx, t, block{}, n)
}

// Of returns the number of bytes of a website's texts.
func (b *Bytes) Of(ctx context.Context, t tenant.ID) (int64, error) {
	n, err := b.blocks.Sum(ctx, t, func(block) bool { return true })
	return n * Block, err
}

// Total returns the number of bytes of all websites' texts, as of the last fold of each.
func (b *Bytes) Total(ctx context.Context) (int64, error) {
	n, err := b.blocks.Total(ctx)
	return n * Block, err
}

// RecountSoon makes Run count a website's texts again, unless they were counted within the last 10 minutes.
func (b *Bytes) RecountSoon(ctx context.Context, t tenant.ID) error {
	return b.blocks.RecountSoon(ctx, t)
}

// Erase removes the counts of a website that has no rows any more.
func (b *Bytes) Erase(ctx context.Context, t tenant.ID) (more bool, err error) {
	return b.blocks.Erase(ctx, t)
}

// Run folds changes until ctx ends. Every replica runs it.
func (b *Bytes) Run(ctx context.Context, log *slog.Logger) error { return b.blocks.Run(ctx, log) }

// Stored counts the bytes that a service stores: one block for each row, and their texts.
type Stored[K comparable] struct {
	Rows  *Counter[K]
	Texts *Bytes
}

// Of returns the number of bytes of a website's rows and their texts.
func (s Stored[K]) Of(ctx context.Context, t tenant.ID) (int64, error) {
	rows, err := s.Rows.Sum(ctx, t, func(K) bool { return true })
	if err != nil {
		return 0, err
	}
	texts, err := s.Texts.Of(ctx, t)
	return rows*Block + texts, err
}

// Total returns the number of bytes of all websites, as of the last fold of each.
func (s Stored[K]) Total(ctx context.Context) (int64, error) {
	rows, err := s.Rows.Total(ctx)
	if err != nil {
		return 0, err
	}
	texts, err := s.Texts.Total(ctx)
	return rows*Block + texts, err
}

// Run folds the changes of both counts until ctx ends. Every replica runs it.
func (s Stored[K]) Run(ctx context.Context, log *slog.Logger) error {
	var both sync.WaitGroup
	both.Go(func() { _ = s.Rows.Run(ctx, log) }) // it always returns nil
	defer both.Wait()
	return s.Texts.Run(ctx, log)
}

// Erase removes the counts of a website that has no rows any more.
func (s Stored[K]) Erase(ctx context.Context, t tenant.ID) (more bool, err error) {
	if more, err := s.Rows.Erase(ctx, t); more || err != nil {
		return more, err
	}
	return s.Texts.Erase(ctx, t)
}
