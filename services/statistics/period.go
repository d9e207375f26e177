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

// The bounds of a period, which limit the rows that are read for it.
const (
	MaxDays     = 400 // a little more than a year
	MaxHourDays = 31  // if the interval is an hour
	defaultDays = 7
)

// Moment is a timestamp, or a date, which means its first moment in the time zone of the request.
type Moment struct {
	at   time.Time
	date bool
}

// ErrMoment describes the form of a Moment.
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

// Period is the span of time of a request.
type Period struct {
	From, To time.Time // in its time zone; From is included, To excluded
}

// Request is the period that a client requests. Zone is the name of an IANA time zone, "" for UTC. The default is the
// seven days up to the end of today.
type Request struct {
	From, To Moment
	Zone     string
}

// Period returns the period that is requested at a time. Its fault names the invalid parameter.
func (r Request) Period(now time.Time) (Period, error) {
	place, err := time.LoadLocation(r.Zone)
	if err != nil || r.Zone == "Local" {
		return Period{}, fault.Bad("tz", "must be a time zone like Europe/Berlin")
	}
	p := Period{r.From.in(place), r.To.in(place)}
	if r.To == (Moment{}) {
		today := now.In(place)
		p.To = beginOf(today.Year(), today.Month(), today.Day()+1, place)
	}
	if r.From == (Moment{}) {
		p.From = beginOf(p.To.Year(), p.To.Month(), p.To.Day()-defaultDays, place)
	}
	if !p.From.Before(p.To) {
		return Period{}, fault.Bad("to", "must be after from")
	}
	return p, p.within(MaxDays, "")
}

// within refuses a period longer than a number of days, of up to 25 hours each.
func (p Period) within(days int, where string) error {
	if p.From.AddDate(0, 0, days).Before(p.To) {
		return fault.Bad("to", fmt.Sprintf("must be at most %d days after from%s", days, where))
	}
	return nil
}

// quarters returns the first quarter of the period and the one after its last. Only whole quarters are counted.
func (p Period) quarters() (first, end Quarter) {
	return QuarterOf(p.From), QuarterOf(p.To.Add(quarter - time.Nanosecond))
}

// Split returns the intervals that the period touches, in full, each ending where the next one begins. A day has the
// length that it has in its time zone. Its fault names the invalid parameter.
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

// beginOf returns the first moment of a date in a time zone. That is midnight, or the time that replaces it if clocks
// skip midnight, and the first of two midnights if they are set back. The day may be out of the range of its month, as
// for time.Date.
func beginOf(year int, month time.Month, day int, zone *time.Location) time.Time {
	// no clock is changed by more, except if a whole date is skipped, which then begins with the next one
	const around = 3 * time.Hour
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	at := QuarterOf(time.Date(year, month, day, 0, 0, 0, 0, zone).Add(-around)).Begin().In(zone)
	for dateOf(at).Before(date) {
		at = at.Add(quarter)
	}
	return at
}

// dateOf returns the date of a time, as a time in UTC.
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

// nextHour returns the next time at which the clock shows a whole hour.
func nextHour(at time.Time) time.Time {
	at = at.Add(quarter)
	for at.Minute() >= int(quarter/time.Minute) {
		at = at.Add(quarter)
	}
	return at
}
