package statistics_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/statistics"
)

// responses is a store with the spans until the first responses of some quarters.
type responses struct {
	statistics.Store
	buckets map[statistics.Quarter]statistics.Sketch
	err     error
}

func (r responses) Buckets(
	_ context.Context, _ tenant.ID, first, end statistics.Quarter, give func(statistics.Quarter, statistics.Bucket),
) error {
	for q, spans := range r.buckets {
		if first <= q && q < end {
			give(q, statistics.Bucket{Responses: spans})
		}
	}
	return r.err
}

func TestReplyTimeIsTheMedianOfAWeek(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 15, 9, 5, 0, 0, time.UTC)
	const minute, hour = 551, 756 // the buckets of 60 s and of 3,600 s
	at := func(days int) statistics.Quarter { return statistics.QuarterOf(now.AddDate(0, 0, -days)) }
	for name, c := range map[string]struct {
		buckets map[statistics.Quarter]statistics.Sketch
		want    int64 // 0 for none
	}{
		"none":                {nil, 0},
		"few":                 {map[statistics.Quarter]statistics.Sketch{at(0): {minute: 4}}, 0},
		"enough":              {map[statistics.Quarter]statistics.Sketch{at(0): {minute: 3}, at(6): {hour: 2}}, 60},
		"mostly slow":         {map[statistics.Quarter]statistics.Sketch{at(1): {minute: 2}, at(6): {hour: 3}}, 3600},
		"older ones left out": {map[statistics.Quarter]statistics.Sketch{at(1): {minute: 4}, at(8): {minute: 9}}, 0},
	} {
		s := statistics.New(responses{buckets: c.buckets}, nil, func() time.Time { return now })
		got, err := s.ReplyTime(t.Context(), tenant.ID{})
		if err != nil || (got == nil) != (c.want == 0) ||
			got != nil && (float64(*got) < 0.98*float64(c.want) || float64(*got) > 1.02*float64(c.want)) {
			t.Errorf("%s: %v, %v, want about %d", name, got, err, c.want)
		}
	}
	failed := errors.New("away")
	s := statistics.New(responses{err: failed}, nil, func() time.Time { return now })
	if got, err := s.ReplyTime(t.Context(), tenant.ID{}); got != nil || !errors.Is(err, failed) {
		t.Errorf("without a store: %v, %v", got, err)
	}
}
