package statistics

import (
	"errors"
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/fault"
)

// The intervals of a history.
const (
	Hourly = "hour"
	Daily  = "day"
)

// The bounds of a question, so that what is read for it is bounded too.
const (
	MaxDays     = 400 // a little more than a year
	MaxHourDays = 31  // where the interval is an hour
	defaultDays = 7
)

// Moment is a point in time, or a date, which is its first moment in the time zone of the question.
type Moment struct {
	at   time.Time
	date bool
}

// ErrMoment says what a Moment looks like.
var ErrMoment = errors.New("must be a date like 2024-01-15 or a timestamp like 2024-01-15T10:30:00.000Z")

// UnmarshalText reads a date or a timestamp.
func (m *Moment) UnmarshalText(b []byte) error {
	at, err := time.Parse(time.RFC3339, string(b))
	m.date = err != nil
	if m.date {
		at, err = time.Parse(time.DateOnly, string(b))
	}
	if err != nil || at.Year() < 1970 || at.Year() > 9998 {
		return ErrMoment
	}
	m.at = at
	return nil
}

func (m Moment) in(zone *time.Location) time.Time {
	if m.date {
		return beginOf(m.at.Year(), m.at.Month(), m.at.Day(), zone)
	}
	return m.at.In(zone)
}

// Period is a span of time that is asked about.
type Period struct {
	From, To time.Time // in its time zone; From is in it, To is not
}

// NewPeriod reads what a client asks about: from, to and the name of a time zone of the IANA's database, "" for UTC. What
// is not stated is the seven days up to the end of today. Its fault names what is wrong.
func NewPeriod(from, to Moment, zone string, now time.Time) (Period, error) {
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return Period{}, fault.Bad("tz", "must be a time zone like Europe/Berlin")
	}
	p := Period{from.in(place), to.in(place)}
	if to == (Moment{}) {
		today := now.In(place)
		p.To = beginOf(today.Year(), today.Month(), today.Day()+1, place)
	}
	if from == (Moment{}) {
		p.From = beginOf(p.To.Year(), p.To.Month(), p.To.Day()-defaultDays, place)
	}
	if !p.From.Before(p.To) {
		return Period{}, fault.Bad("to", "must be after from")
	}
	return p, p.within(MaxDays, "")
}

// within refuses what is longer than a number of days, of up to 25 hours.
func (p Period) within(days int, where string) error {
	if p.From.AddDate(0, 0, days).Before(p.To) {
		return fault.Bad("to", fmt.Sprintf("must be at most %d days after from%s", days, where))
	}
	return nil
}

// quarters gives the first quarter of the period and the one behind its last: it is asked about whole ones.
func (p Period) quarters() (first, behind Quarter) {
	return QuarterOf(p.From), QuarterOf(p.To.Add(quarter - time.Nanosecond))
}

// Split gives the intervals that the period touches, whole ones, each ending where the next one begins. A day has the
// length that it has in its time zone. Its fault names what is wrong.
func (p Period) Split(interval string) ([]Period, error) {
	var begin, next func(time.Time) time.Time
	switch interval {
	case Daily, "":
		begin, next = beginOfDay, func(t time.Time) time.Time {
			return beginOf(t.Year(), t.Month(), t.Day()+1, t.Location())
		}
	case Hourly:
		if err := p.within(MaxHourDays, " where the interval is an hour"); err != nil {
			return nil, err
		}
		begin, next = beginOfHour, nextHour
	default:
		return nil, fault.Bad("interval", "must be hour or day")
	}
	var all []Period
	for at := begin(p.From); at.Before(p.To); at = all[len(all)-1].To {
		all = append(all, Period{at, next(at)})
	}
	return all, nil
}

// beginOf gives the first moment of a date in a time zone: midnight, or what comes instead where clocks were put forward
// over it, and the first of two midnights where they were put back. The day may be out of its month, as for time.Date.
func beginOf(year int, month time.Month, day int, zone *time.Location) time.Time {
	const around = 3 * time.Hour // no clock is changed by more, but where a date was left out, which then begins with the next
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	at := QuarterOf(time.Date(year, month, day, 0, 0, 0, 0, zone).Add(-around)).Begin().In(zone)
	for dateOf(at).Before(date) {
		at = at.Add(quarter)
	}
	return at
}

// dateOf gives the date on which a moment lies, as a moment in UTC.
func dateOf(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
}

func beginOfDay(at time.Time) time.Time {
	return beginOf(at.Year(), at.Month(), at.Day(), at.Location())
}

func beginOfHour(at time.Time) time.Time {
	at = QuarterOf(at).Begin().In(at.Location())
	for at.Minute() >= int(quarter/time.Minute) {
		at = at.Add(-quarter)
	}
	return at
}

// nextHour gives when the clock next shows a whole hour.
func nextHour(at time.Time) time.Time {
	at = at.Add(quarter)
	for at.Minute() >= int(quarter/time.Minute) {
		at = at.Add(quarter)
	}
	return at
}
