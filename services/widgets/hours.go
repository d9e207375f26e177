package widgets

import (
	"regexp"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
)

// BusinessHours are the times of a week when agents are expected to be there.
type BusinessHours struct {
	Timezone string      `bson:"timezone" json:"timezone"` // an IANA name
	Days     []TimeRange `bson:"days"     json:"days"`     // 1 to maxRanges
}

// TimeRange is a part of a day, in the time zone of its BusinessHours. It begins with From and ends before To.
type TimeRange struct {
	Day  string `bson:"day"  json:"day"`  // one of weekdays
	From string `bson:"from" json:"from"` // like 09:00
	To   string `bson:"to"   json:"to"`   // after From, at most 24:00
}

const (
	maxRanges   = 28 // four a day
	maxTimezone = 64 // bytes; the longest IANA name has 32
)

var (
	weekdays = []string{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"}
	endOfDay = regexp.MustCompile(`^24:00$|` + timeOfDay.String())
)

func checkHours(v optional.Value[BusinessHours], wrong *fault.Problems) {
	if h := v.Ptr(); h != nil {
		wrong.Check(h.valid(), "businessHours", "must be null, or an IANA time zone and 1 to 28 ranges of days MON to SUN "+
			`like {"timezone":"Europe/Berlin","days":[{"day":"MON","from":"09:00","to":"17:00"}]}, each ending after it begins`)
	}
}

func (h BusinessHours) valid() bool {
	return isTimezone(h.Timezone) && len(h.Days) > 0 && len(h.Days) <= maxRanges &&
		!slices.ContainsFunc(h.Days, func(r TimeRange) bool { return !r.valid() })
}

func (r TimeRange) valid() bool {
	return slices.Contains(weekdays, r.Day) && timeOfDay.MatchString(r.From) && endOfDay.MatchString(r.To) && r.From < r.To
}

func isTimezone(name string) bool {
	if name == "" || name == "Local" || len(name) > maxTimezone {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
