package businesshours_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/businesshours"
)

func week(zone string) *businesshours.Hours {
	h := &businesshours.Hours{Timezone: zone}
	for _, day := range []string{"MON", "TUE", "WED", "THU", "FRI"} {
		h.Days = append(h.Days, businesshours.Range{Day: day, From: "09:00", To: "17:00"})
	}
	return h
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// nights are open over midnight and over the hours that daylight saving skips or repeats, and two ranges overlap.
var nights = &businesshours.Hours{Timezone: "Europe/Berlin", Days: []businesshours.Range{
	{Day: "SAT", From: "20:00", To: "24:00"},
	{Day: "SUN", From: "00:00", To: "04:00"},
	{Day: "SUN", From: "03:30", To: "05:00"},
}}

func TestAddCountsBusinessTimeOnly(t *testing.T) {
	t.Parallel()
	berlin := week("Europe/Berlin")
	for name, c := range map[string]struct {
		hours *businesshours.Hours
		at    string
		add   time.Duration
		want  string
	}{
		"without hours":         {nil, "2026-12-05T23:00:00Z", time.Hour, "2026-12-06T00:00:00Z"},
		"within a day":          {berlin, "2026-12-01T09:00:00Z", time.Hour, "2026-12-01T10:00:00Z"},
		"until the end":         {berlin, "2026-12-01T15:00:00Z", time.Hour, "2026-12-01T16:00:00Z"},
		"to the next day":       {berlin, "2026-12-01T15:30:00Z", time.Hour, "2026-12-02T08:30:00Z"},
		"over a weekend":        {berlin, "2026-12-04T15:59:00Z", 2 * time.Minute, "2026-12-07T08:01:00Z"},
		"from a night":          {berlin, "2026-12-02T01:00:00Z", time.Minute, "2026-12-02T08:01:00Z"},
		"over the spring":       {berlin, "2026-03-27T15:30:00Z", time.Hour, "2026-03-30T07:30:00Z"},
		"over the autumn":       {berlin, "2026-10-23T14:30:00Z", time.Hour, "2026-10-26T08:30:00Z"},
		"an hour less at night": {nights, "2026-03-28T19:00:00Z", 8 * time.Hour, "2026-03-29T03:00:00Z"},
		"an hour more at night": {nights, "2026-10-24T18:00:00Z", 9 * time.Hour, "2026-10-25T03:00:00Z"},
		"another date there":    {week("Pacific/Auckland"), "2026-11-29T20:00:00Z", time.Hour, "2026-11-29T21:00:00Z"},
	} {
		got, ok := c.hours.Add(at(t, c.at), c.add)
		if !ok || !got.Equal(at(t, c.want)) {
			t.Errorf("%s: %s, %v, want %s", name, got, ok, c.want)
		}
	}
}

func TestAddBeyondReachFails(t *testing.T) {
	t.Parallel()
	rare := &businesshours.Hours{
		Timezone: "UTC", Days: []businesshours.Range{{Day: "MON", From: "09:00", To: "09:01"}},
	}
	unknown := &businesshours.Hours{Timezone: "Nowhere/At_All", Days: rare.Days}
	for _, h := range []*businesshours.Hours{rare, unknown} {
		if got, ok := h.Add(at(t, "2026-12-01T00:00:00Z"), 24*time.Hour); ok {
			t.Errorf("%s: %s", h.Timezone, got)
		}
	}
}

// TestBetweenInvertsAdd: also that a later instant or a longer time never ends earlier, over two years of weeks.
func TestBetweenInvertsAdd(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a repeatable sequence
	begin := at(t, "2026-01-01T00:00:00Z")
	for range 2_000 {
		for _, h := range []*businesshours.Hours{nil, week("Europe/Berlin"), week("Asia/Kathmandu"), nights} {
			from := begin.Add(time.Duration(random.Int64N(int64(2 * 365 * 24 * time.Hour))))
			d := time.Duration(1 + random.Int64N(int64(90*time.Hour)))
			to, ok := h.Add(from, d)
			if got := h.Between(from, to); !ok || got != d {
				t.Fatalf("%s from %s: %s, not %s", to, from, got, d)
			}
			longer, _ := h.Add(from, d+time.Minute)
			later, _ := h.Add(from.Add(time.Minute), d)
			if longer.Before(to) || later.Before(to) {
				t.Fatalf("%s + %s: %s, then %s and %s", from, d, to, longer, later)
			}
		}
	}
}

func TestValidHours(t *testing.T) {
	t.Parallel()
	if !week("Europe/Berlin").Valid() || !nights.Valid() {
		t.Error("refused")
	}
	for name, h := range map[string]businesshours.Hours{
		"no range":  {Timezone: "UTC"},
		"zone":      {Timezone: "Local", Days: nights.Days},
		"backwards": {Timezone: "UTC", Days: []businesshours.Range{{Day: "MON", From: "10:00", To: "09:00"}}},
	} {
		if h.Valid() {
			t.Error(name)
		}
	}
}
