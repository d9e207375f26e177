package widgets

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// Widget is the settings of one website's widget. A website has exactly one.
type Widget struct {
	ID              int64     `bson:"_id"`
	WebsiteID       tenant.ID `bson:"websiteId"`
	ClientToken     string    `bson:"clientToken"` // public: it is in the site's pages
	Color           string    `bson:"color"`
	ButtonClass     string    `bson:"buttonClass"`
	ChatClass       string    `bson:"chatClass"`
	ChatTitleClass  string    `bson:"chatTitleClass"`
	ChatInputClass  string    `bson:"chatInputClass"`
	ButtonXPos      float64   `bson:"buttonXPos"` // pixels from the side
	ButtonYPos      float64   `bson:"buttonYPos"` // pixels from the bottom
	ButtonBgColor   string    `bson:"buttonBgColor"`
	ButtonTextColor string    `bson:"buttonTextColor"`
	BubbleColor     string    `bson:"bubbleColor"`
	BubbleTextColor string    `bson:"bubbleTextColor"`
	ChatFormFields  string    `bson:"chatFormFields"`  // JSON, in the format of the hosted product
	WelcomeMessages string    `bson:"welcomeMessages"` // JSON, in the format of the hosted product
	RatingEnabled   bool      `bson:"ratingEnabled"`
	RemoveBranding  bool      `bson:"removeBranding"`
	ChatEnabled     bool      `bson:"chatEnabled"`
	PageParameters  []string  `bson:"pageParameters"` // query parameters of a page's address that the script sends
	Version         int64     `bson:"version"`        // counts changes
	LoadedAt        time.Time `bson:"loadedAt"`       // first load of its script by a browser; zero for none
}

// Revision is the version of the settings.
func (w Widget) Revision() version.Of { return version.Of{ID: w.ID, Version: w.Version} }

// Default is the widget of a new website.
func Default(t tenant.ID, clientToken string) Widget {
	return Widget{
		ID:              t.Int64(),
		WebsiteID:       t,
		ClientToken:     clientToken,
		Color:           "#2563eb",
		ButtonXPos:      24,
		ButtonYPos:      24,
		ButtonBgColor:   "#2563eb",
		ButtonTextColor: "#ffffff",
		BubbleColor:     "#eff6ff",
		BubbleTextColor: "#1e293b",
		ChatFormFields:  "[]",
		WelcomeMessages: "[]",
		RatingEnabled:   true,
		ChatEnabled:     true,
	}
}

// Patch is a partial update. Absent or null members change nothing.
type Patch struct {
	Color, ButtonClass, ChatClass, ChatTitleClass, ChatInputClass optional.Value[string]
	ButtonBgColor, ButtonTextColor, BubbleColor, BubbleTextColor  optional.Value[string]
	ChatFormFields, WelcomeMessages, ClientToken                  optional.Value[string]
	ButtonXPos, ButtonYPos                                        optional.Value[float64]
	RatingEnabled, RemoveBranding, ChatEnabled                    optional.Value[bool]
	PageParameters                                                optional.Value[[]string]
}

var (
	color      = regexp.MustCompile(`^#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$`)
	cssClasses = regexp.MustCompile(`^[A-Za-z0-9_:/. -]*$`)
	parameter  = regexp.MustCompile(`^[A-Za-z0-9_.~-]{1,64}$`)
)

// The longest texts, in bytes, and the largest offset, in pixels.
const (
	maxClass  = 256
	maxText   = 16 << 10
	maxOffset = 10_000
)

// maxParameters is the largest number of query parameters.
const maxParameters = 20

// ValidClientToken reports whether s has the form of a client token.
func ValidClientToken(s string) bool { return publictoken.WellFormed(s) }

// Apply returns w with p's changes, or an Invalid fault that names every invalid member.
func (p Patch) Apply(w Widget) (Widget, error) {
	var wrong fault.Problems
	texts := []struct {
		name  string
		value optional.Value[string]
		into  *string
		check func(string) string // the error, or ""
	}{
		{"color", p.Color, &w.Color, checkColor},
		{"buttonBgColor", p.ButtonBgColor, &w.ButtonBgColor, checkColor},
		{"buttonTextColor", p.ButtonTextColor, &w.ButtonTextColor, checkColor},
		{"bubbleColor", p.BubbleColor, &w.BubbleColor, checkColor},
		{"bubbleTextColor", p.BubbleTextColor, &w.BubbleTextColor, checkColor},
		{"buttonClass", p.ButtonClass, &w.ButtonClass, checkClass},
		{"chatClass", p.ChatClass, &w.ChatClass, checkClass},
		{"chatTitleClass", p.ChatTitleClass, &w.ChatTitleClass, checkClass},
		{"chatInputClass", p.ChatInputClass, &w.ChatInputClass, checkClass},
		{"chatFormFields", p.ChatFormFields, &w.ChatFormFields, checkText},
		{"welcomeMessages", p.WelcomeMessages, &w.WelcomeMessages, checkText},
		{"websiteClientToken", p.ClientToken, &w.ClientToken, func(s string) string {
			if s != w.ClientToken {
				return "cannot be changed"
			}
			return ""
		}},
	}
	for _, t := range texts {
		if v := t.value.Ptr(); v != nil {
			if m := t.check(*v); m != "" {
				wrong.Add(t.name, m)
			} else {
				*t.into = *v
			}
		}
	}
	setOffset(p.ButtonXPos, "buttonXPos", &w.ButtonXPos, &wrong)
	setOffset(p.ButtonYPos, "buttonYPos", &w.ButtonYPos, &wrong)
	setBool(p.RatingEnabled, &w.RatingEnabled)
	setBool(p.RemoveBranding, &w.RemoveBranding)
	setBool(p.ChatEnabled, &w.ChatEnabled)
	if names := p.PageParameters.Ptr(); names != nil {
		wrong.Check(
			validParameters(*names), "pageParameters",
			"must be at most 20 names, each 1 to 64 characters of A-Z a-z 0-9 _ . ~ -",
		)
		w.PageParameters = *names
	}
	return w, wrong.Err()
}

func validParameters(names []string) bool {
	return len(names) <= maxParameters && !slices.ContainsFunc(names, func(n string) bool {
		return !parameter.MatchString(n)
	})
}

func setOffset(v optional.Value[float64], name string, into *float64, wrong *fault.Problems) {
	if p := v.Ptr(); p != nil {
		wrong.Check(*p >= -maxOffset && *p <= maxOffset, name, "must lie between -10000 and 10000")
		*into = *p
	}
}

func setBool(v optional.Value[bool], into *bool) {
	if p := v.Ptr(); p != nil {
		*into = *p
	}
}

func checkColor(s string) string {
	if !color.MatchString(s) {
		return "must be a colour like #rgb, #rgba, #rrggbb or #rrggbbaa"
	}
	return ""
}

func checkClass(s string) string {
	if len(s) > maxClass || !cssClasses.MatchString(s) {
		return "must be CSS class names of at most 256 characters"
	}
	return ""
}

func checkText(s string) string {
	if len(s) > maxText {
		return "must be at most " + strconv.Itoa(maxText) + " bytes"
	}
	return ""
}
