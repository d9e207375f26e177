package statistics_test

import (
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/statistics"
)

var now = time.Date(2026, 3, 30, 20, 0, 0, 0, time.UTC)

func moment(t *testing.T, s string) (m statistics.Moment) {
	t.Helper()
	if s != "" {
		if err := m.UnmarshalText([]byte(s)); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	}
	return m
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to, tz, interval string
		want                   []string // starts of the intervals and the end of the last one, in UTC
	}{
		"a week by default": {
			"", "", "", "",
			[]string{
				"03-24T00:00", "03-25T00:00", "03-26T00:00", "03-27T00:00", "03-28T00:00", "03-29T00:00",
				"03-30T00:00", "03-31T00:00",
			},
		},
		"a week up to a day": {
			"", "2026-03-08", "", "day",
			[]string{
				"03-01T00:00", "03-02T00:00", "03-03T00:00", "03-04T00:00", "03-05T00:00", "03-06T00:00",
				"03-07T00:00", "03-08T00:00",
			},
		},
		"today elsewhere": {
			"2026-03-30", "", "Pacific/Auckland", "", []string{"03-29T11:00", "03-30T11:00", "03-31T11:00"},
		},
		"clocks put forward, by day": {
			"2026-03-28", "2026-03-31", "Europe/Berlin", "day",
			[]string{"03-27T23:00", "03-28T23:00", "03-29T22:00", "03-30T22:00"},
		},
		"clocks put back, by day": {
			"2026-10-25", "2026-10-26", "Europe/Berlin", "day", []string{"10-24T22:00", "10-25T23:00"},
		},
		"clocks put forward, by hour": {
			"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "Europe/Berlin", "hour",
			[]string{"03-29T00:00", "03-29T01:00", "03-29T02:00"},
		},
		"half an hour away": {
			"2026-03-01", "2026-03-02", "Asia/Kolkata", "day", []string{"02-28T18:30", "03-01T18:30"},
		},
		"three quarters away": {
			"2026-03-01T00:00:00+05:45", "2026-03-01T01:00:01+05:45", "Asia/Kathmandu", "hour",
			[]string{"02-28T18:15", "02-28T19:15", "02-28T20:15"},
		},
		"put forward by half an hour": {
			"2026-10-04", "2026-10-05", "Australia/Lord_Howe", "day", []string{"10-03T13:30", "10-04T13:00"},
		},
		"put back by half an hour": {
			"2026-04-04T14:00:00Z", "2026-04-04T16:30:00Z", "Australia/Lord_Howe", "hour",
			[]string{"04-04T14:00", "04-04T15:30", "04-04T16:30"},
		},
		"no midnight": {
			"2018-11-04", "2018-11-05", "America/Sao_Paulo", "day", []string{"11-04T03:00", "11-05T02:00"},
		},
		"two midnights": {"2026-11-01", "2026-11-02", "America/Havana", "day", []string{"11-01T04:00", "11-02T05:00"}},
		"no such date": {
			"2011-12-29", "2012-01-01", "Pacific/Apia", "day", []string{"12-29T10:00", "12-30T10:00", "12-31T10:00"},
		},
		"parts of days": {
			"2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", "", "day",
			[]string{"03-01T00:00", "03-02T00:00", "03-03T00:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := statistics.Request{From: moment(t, c.from), To: moment(t, c.to), Zone: c.tz}.Period(now)
			if err != nil {
				t.Fatal(err)
			}
			intervals, err := p.Split(c.interval)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, in := range intervals {
				if i > 0 && !in.From.Equal(intervals[i-1].To) {
					t.Errorf("a gap before %v", in.From)
				}
				got = append(got, in.From.UTC().Format("01-02T15:04"))
			}
			got = append(got, intervals[len(intervals)-1].To.UTC().Format("01-02T15:04"))
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v\nwant %v", got, c.want)
			}
		})
	}
}

func TestInvalidPeriodsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, tz, interval, field string }{
		"an unknown zone":     {"", "", "Europe/Atlantis", "", "tz"},
		"the machine's own":   {"", "", "Local", "", "tz"},
		"a path":              {"", "", "../../etc/passwd", "", "tz"},
		"backwards":           {"2026-03-02", "2026-03-01", "", "", "to"},
		"nothing":             {"2026-03-02", "2026-03-02", "", "", "to"},
		"from the future":     {"2026-04-02", "", "", "", "to"},
		"too long":            {"2025-01-01", "2026-02-06", "", "", "to"},
		"too long by hour":    {"2026-01-01", "2026-02-02", "", "hour", "to"},
		"no interval":         {"2026-01-01", "2026-02-02", "", "week", "interval"},
		"intervals have case": {"2026-01-01", "2026-02-02", "", "Day", "interval"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := statistics.Request{From: moment(t, c.from), To: moment(t, c.to), Zone: c.tz}.Period(now)
			if err == nil {
				_, err = p.Split(c.interval)
			}
			if f := fault.From(err); err == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 ||
				f.Fields[0].Field != c.field {
				t.Errorf("%v", err)
			}
		})
	}
	for _, s := range []string{
		"", "yesterday", "2026-02-30", "2026-1-1", "1969-12-31", "9999-01-01", "2026-01-01T00:00:00",
		"2026-01-01 00:00:00Z",
	} {
		if err := new(statistics.Moment).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	longest := statistics.Request{From: moment(t, "2025-01-01"), To: moment(t, "2026-02-05")}
	if p, err := longest.Period(now); err != nil {
		t.Errorf("400 days: %v %v", p, err)
	}
}

func TestQuarter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at    string
		day   int64
		place int
	}{
		{"1970-01-01T00:00:00Z", 0, 0},
		{"1970-01-01T00:14:59Z", 0, 0},
		{"1970-01-01T00:15:00Z", 0, 1},
		{"1969-12-31T23:59:59Z", -1, 95},
		{"1970-01-02T12:00:00Z", 1, 48},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		q := statistics.QuarterOf(at)
		if day, place := q.Day(); day != c.day || place != c.place || statistics.OnDay(day, place) != q ||
			q.Begin().After(at) || at.Sub(q.Begin()) >= 15*time.Minute {
			t.Errorf("%s: day %d, quarter %d, %v", c.at, day, place, q.Begin())
		}
	}
}
