// Package businesshours computes with the times of a week when a team works. Begin with Hours: Add and Between count
// only those times.
//
// Invariant: Between(a, b) of an instant b that Add(a, d) returns is d. Without hours, all time counts.
package businesshours

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Hours are the times of a week when agents are expected to be there.
type Hours struct {
	Timezone string  `bson:"timezone" json:"timezone"` // an IANA name
	Days     []Range `bson:"days"     json:"days"`     // 1 to maxRanges
}

// Range is a part of a day, in the time zone of its Hours. It begins with From and ends before To.
type Range struct {
	Day  string `bson:"day"  json:"day"`  // one of weekdays
	From string `bson:"from" json:"from"` // like 09:00
	To   string `bson:"to"   json:"to"`   // after From, at most 24:00
}

const (
	maxRanges   = 28    // four a day
	maxTimezone = 64    // bytes; the longest IANA name has 32
	maxDays     = 2_000 // how far ahead business time is looked for
)

var (
	weekdays  = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"} // in the order of time.Weekday
	timeOfDay = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	endOfDay  = regexp.MustCompile(`^24:00$|` + timeOfDay.String())
)

// Valid reports whether the time zone is known and there are 1 to 28 ranges that end after they begin.
func (h Hours) Valid() bool {
	return isTimezone(h.Timezone) && len(h.Days) > 0 && len(h.Days) <= maxRanges &&
		!slices.ContainsFunc(h.Days, func(r Range) bool { return !r.valid() })
}

func (r Range) valid() bool {
	return slices.Contains(weekdays, r.Day) && timeOfDay.MatchString(r.From) && endOfDay.MatchString(r.To) && r.From < r.To
}

func isTimezone(name string) bool {
	if name == "" || name == "Local" || len(name) > maxTimezone {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// Add returns the first instant at which d of business time has passed since an instant. nil hours are all time. It
// reports false if that is more than 2,000 days ahead, or if the time zone isn't known here.
func (h *Hours) Add(at time.Time, d time.Duration) (time.Time, bool) {
	if h == nil || d <= 0 {
		return at.Add(max(d, 0)), true
	}
	for from, to := range h.open(at) {
		if length := to.Sub(from); length < d {
			d -= length
			continue
		}
		return from.Add(d).UTC(), true
	}
	return time.Time{}, false
}

// Between returns the business time between two instants, of which the second is at most 2,000 days later. It is 0 if
// the second isn't later.
func (h *Hours) Between(a, b time.Time) (d time.Duration) {
	if h == nil {
		return max(b.Sub(a), 0)
	}
	for from, to := range h.open(a) {
		if !from.Before(b) {
			break
		}
		if to.After(b) {
			to = b
		}
		d += to.Sub(from)
	}
	return d
}

// open returns the periods of business time after an instant, in order and without overlaps.
func (h *Hours) open(after time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(from, to time.Time) bool) {
		zone, err := time.LoadLocation(h.Timezone)
		if err != nil {
			return
		}
		ranges := slices.SortedFunc(slices.Values(h.Days), func(a, b Range) int { return a.begin() - b.begin() })
		year, month, day := after.In(zone).Date()
		for offset := range maxDays {
			date := time.Date(year, month, day+offset, 12, 0, 0, 0, zone) // noon exists on each day
			for _, r := range ranges {
				if r.Day != weekdays[date.Weekday()] {
					continue
				}
				from, to := r.on(date)
				if from.Before(after) {
					from = after
				}
				if !from.Before(to) {
					continue
				}
				if !yield(from, to) {
					return
				}
				after = to // a range that overlaps begins there
			}
		}
	}
}

// on returns the instants at which the range begins and ends on a date. A time that daylight saving skips is the next
// one, and one that it repeats is the first.
func (r Range) on(date time.Time) (from, to time.Time) {
	at := func(minutes int) time.Time {
		return time.Date(date.Year(), date.Month(), date.Day(), 0, minutes, 0, 0, date.Location())
	}
	return at(r.begin()), at(minutesOf(r.To))
}

func (r Range) begin() int { return minutesOf(r.From) }

// minutesOf returns the minutes from midnight to a valid time of the day.
func minutesOf(clock string) int {
	hours, _ := strconv.Atoi(clock[:2])
	minutes, _ := strconv.Atoi(clock[3:])
	return hours*60 + minutes
}
