package widgets

import (
	"net/url"
	"regexp"
	"slices"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
)

// Look is how the widget looks, and how it draws attention to new messages.
type Look struct {
	Theme           string      `bson:"theme"`   // one of themes
	LogoURL         string      `bson:"logoUrl"` // https, or "" for none
	LauncherIconURL string      `bson:"launcherIconUrl"`
	Notices         []string    `bson:"notices"`    // some of notices
	QuietHours      *QuietHours `bson:"quietHours"` // nil for none
}

// QuietHours is the part of the visitor's day without sounds, titles and previews. It may contain midnight.
type QuietHours struct {
	From string `bson:"from" json:"from"` // like 22:00
	To   string `bson:"to"   json:"to"`
}

var (
	themes    = []string{"auto", "dark", "light"}
	notices   = []string{"badge", "preview", "sound", "title"}
	timeOfDay = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

// maxURL is the longest address, in bytes.
const maxURL = 2048

func defaultLook() Look { return Look{Theme: "auto", Notices: []string{"badge", "title", "preview"}} }

// Complete returns w with the defaults in place of what a row of an earlier version doesn't have.
func (w Widget) Complete() Widget {
	standard := defaultLook()
	if w.Theme == "" {
		w.Theme = standard.Theme
	}
	if w.Notices == nil {
		w.Notices = standard.Notices
	}
	if w.AwayMessages == "" {
		w.AwayMessages = "[]"
	}
	return w
}

// LookChange is the part of a patch that is about the look. Absent members change nothing. Null removes the quiet
// hours; otherwise it changes nothing either.
type LookChange struct {
	Theme, LogoURL, LauncherIconURL optional.Value[string]
	Notices                         optional.Value[[]string]
	QuietHours                      optional.Value[QuietHours]
}

func (p LookChange) check(wrong *fault.Problems) {
	if v := p.Theme.Ptr(); v != nil {
		wrong.Check(slices.Contains(themes, *v), "theme", "must be auto, dark or light")
	}
	checkPicture(p.LogoURL, "logoUrl", wrong)
	checkPicture(p.LauncherIconURL, "launcherIconUrl", wrong)
	if v := p.Notices.Ptr(); v != nil {
		wrong.Check(validNotices(*v), "notices", "must be a list of badge, preview, sound and title, each at most once")
	}
	if v := p.QuietHours.Ptr(); v != nil {
		wrong.Check(v.valid(), "quietHours", `must be null, or two different times like {"from":"22:00","to":"08:00"}`)
	}
}

func (p LookChange) apply(l *Look) {
	set(p.Theme, &l.Theme)
	set(p.LogoURL, &l.LogoURL)
	set(p.LauncherIconURL, &l.LauncherIconURL)
	set(p.Notices, &l.Notices)
	if p.QuietHours.Set {
		l.QuietHours = p.QuietHours.Ptr()
	}
}

func (q QuietHours) valid() bool {
	return timeOfDay.MatchString(q.From) && timeOfDay.MatchString(q.To) && q.From != q.To
}

func validNotices(chosen []string) bool {
	sorted := slices.Sorted(slices.Values(chosen))
	return len(slices.Compact(sorted)) == len(chosen) && !slices.ContainsFunc(chosen, func(n string) bool {
		return !slices.Contains(notices, n)
	})
}

func checkPicture(v optional.Value[string], name string, wrong *fault.Problems) {
	if p := v.Ptr(); p != nil {
		wrong.Check(*p == "" || isHTTPS(*p), name,
			"must be an https address of at most 2048 characters, or empty for none")
	}
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxURL && u.Scheme == "https" && u.Hostname() != ""
}
