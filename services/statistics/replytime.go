package statistics

import (
	"context"
	"math"
	"time"

	"fivechat.dev/libs/kernel/tenant"
)

const (
	replyPeriod = 7 * 24 * time.Hour
	fewReplies  = 5 // fewer don't show what is usual
)

// ReplyTime returns the median time to the first response of the last seven days, in whole seconds. It is nil if fewer
// than five conversations were answered.
func (s *Service) ReplyTime(ctx context.Context, t tenant.ID) (*int64, error) {
	now := s.now()
	first, end := Period{now.Add(-replyPeriod), now}.quarters()
	var all Sketch
	err := s.store.Buckets(ctx, t, first, end, func(_ Quarter, bucket Bucket) { all = all.add(bucket.Responses) })
	if err != nil || all.Count() < fewReplies {
		return nil, err
	}
	median := int64(math.Round(all.Quantile(0.5)))
	return &median, nil
}
