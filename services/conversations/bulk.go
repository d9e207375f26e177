package conversations

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// MaxBulk is how many conversations one request changes.
const MaxBulk = 100

// maxToken is the size of a token in such a request, in bytes.
const maxToken = 128

// BulkResult is what became of one conversation of a bulk change.
type BulkResult struct {
	Token string
	Err   error // a fault; nil if it was changed
}

// UpdateAll makes the same change to several conversations, each in a transaction of its own. It returns a result for
// each token, in order, without repetitions. The error is about the change itself; then nothing was changed.
func (s *Service) UpdateAll(ctx context.Context, t tenant.ID, tokens []string, p Patch) ([]BulkResult, error) {
	if err := s.checkBulk(ctx, t, tokens, p); err != nil {
		return nil, err
	}
	results := make([]BulkResult, 0, len(tokens))
	for _, token := range distinct(tokens) {
		_, err := s.store.Save(ctx, t, token, func(c Conversation) (Conversation, []Event, error) {
			events, err := p.change(&c, s.now())
			return c, events, err
		})
		results = append(results, BulkResult{token, err})
	}
	return results, nil
}

// checkBulk returns an Invalid fault if the tokens or the change are wrong.
func (s *Service) checkBulk(ctx context.Context, t tenant.ID, tokens []string, p Patch) error {
	if len(tokens) == 0 || len(tokens) > MaxBulk {
		return fault.Bad("tokens", fmt.Sprintf("must be 1 to %d tokens of conversations", MaxBulk))
	}
	for _, token := range tokens {
		if len(token) > maxToken {
			return fault.Bad("tokens", fmt.Sprintf("must be tokens of at most %d bytes", maxToken))
		}
	}
	if err := fault.Within("change", p.Validate()); err != nil {
		return err
	}
	return s.checkChange(ctx, t, p)
}
