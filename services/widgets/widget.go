package widgets

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// Widget is the settings of one website's widget. A website has exactly one.
type Widget struct {
	ID              int64                `bson:"_id"`
	WebsiteID       tenant.ID            `bson:"websiteId"`
	ClientToken     string               `bson:"clientToken"` // public: it is in the site's pages
	Color           string               `bson:"color"`
	ButtonClass     string               `bson:"buttonClass"`
	ChatClass       string               `bson:"chatClass"`
	ChatTitleClass  string               `bson:"chatTitleClass"`
	ChatInputClass  string               `bson:"chatInputClass"`
	ButtonXPos      float64              `bson:"buttonXPos"` // pixels from the side
	ButtonYPos      float64              `bson:"buttonYPos"` // pixels from the bottom
	ButtonBgColor   string               `bson:"buttonBgColor"`
	ButtonTextColor string               `bson:"buttonTextColor"`
	BubbleColor     string               `bson:"bubbleColor"`
	BubbleTextColor string               `bson:"bubbleTextColor"`
	ChatFormFields  string               `bson:"chatFormFields"`  // JSON, in the format of the hosted product
	WelcomeMessages string               `bson:"welcomeMessages"` // JSON, in the format of the hosted product
	RatingEnabled   bool                 `bson:"ratingEnabled"`
	RemoveBranding  bool                 `bson:"removeBranding"`
	ChatEnabled     bool                 `bson:"chatEnabled"`
	PageParameters  []string             `bson:"pageParameters"` // query parameters of a page that the script sends
	BusinessHours   *businesshours.Hours `bson:"businessHours"`  // nil for none
	AwayMessages    string               `bson:"awayMessages"`   // JSON, as WelcomeMessages; said outside of these hours
	Reopen          bool                 `bson:"reopen"`         // a message after the end continues the conversation
	Look            `bson:",inline"`
	Version         int64     `bson:"version"`  // counts changes
	LoadedAt        time.Time `bson:"loadedAt"` // first load of its script by a browser; zero for none
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
		AwayMessages:    "[]",
		RatingEnabled:   true,
		ChatEnabled:     true,
		Look:            defaultLook(),
	}
}

// Patch is a partial update of a widget. Absent or null members change nothing, but null removes the business hours.
type Patch struct {
	Of string // the client token of the widget; ClientToken must not differ from it

	Color, ButtonClass, ChatClass, ChatTitleClass, ChatInputClass optional.Value[string]
	ButtonBgColor, ButtonTextColor, BubbleColor, BubbleTextColor  optional.Value[string]
	ChatFormFields, WelcomeMessages, AwayMessages, ClientToken    optional.Value[string]
	ButtonXPos, ButtonYPos                                        optional.Value[float64]
	RatingEnabled, RemoveBranding, ChatEnabled, Reopen            optional.Value[bool]
	BusinessHours                                                 optional.Value[businesshours.Hours]
	PageParameters                                                optional.Value[[]string]
	Look                                                          LookChange
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

// Validate reports every invalid member.
func (p Patch) Validate() error {
	var wrong fault.Problems
	for _, text := range []struct {
		name  string
		value optional.Value[string]
		check func(string) string // the error, or ""
	}{
		{"color", p.Color, checkColor},
		{"buttonBgColor", p.ButtonBgColor, checkColor},
		{"buttonTextColor", p.ButtonTextColor, checkColor},
		{"bubbleColor", p.BubbleColor, checkColor},
		{"bubbleTextColor", p.BubbleTextColor, checkColor},
		{"buttonClass", p.ButtonClass, checkClass},
		{"chatClass", p.ChatClass, checkClass},
		{"chatTitleClass", p.ChatTitleClass, checkClass},
		{"chatInputClass", p.ChatInputClass, checkClass},
		{"chatFormFields", p.ChatFormFields, checkText},
		{"welcomeMessages", p.WelcomeMessages, checkText},
		{"awayMessages", p.AwayMessages, checkText},
		{"websiteClientToken", p.ClientToken, p.checkToken},
	} {
		if v := text.value.Ptr(); v != nil {
			if m := text.check(*v); m != "" {
				wrong.Add(text.name, m)
			}
		}
	}
	checkOffset(p.ButtonXPos, "buttonXPos", &wrong)
	checkOffset(p.ButtonYPos, "buttonYPos", &wrong)
	if names := p.PageParameters.Ptr(); names != nil {
		wrong.Check(
			validParameters(*names), "pageParameters",
			"must be at most 20 names, each 1 to 64 characters of A-Z a-z 0-9 _ . ~ -",
		)
	}
	checkHours(p.BusinessHours, &wrong)
	p.Look.check(&wrong)
	return wrong.Err()
}

// apply returns w with the changes of a valid patch.
func (p Patch) apply(w Widget) Widget {
	set(p.Color, &w.Color)
	set(p.ButtonBgColor, &w.ButtonBgColor)
	set(p.ButtonTextColor, &w.ButtonTextColor)
	set(p.BubbleColor, &w.BubbleColor)
	set(p.BubbleTextColor, &w.BubbleTextColor)
	set(p.ButtonClass, &w.ButtonClass)
	set(p.ChatClass, &w.ChatClass)
	set(p.ChatTitleClass, &w.ChatTitleClass)
	set(p.ChatInputClass, &w.ChatInputClass)
	set(p.ChatFormFields, &w.ChatFormFields)
	set(p.WelcomeMessages, &w.WelcomeMessages)
	set(p.ButtonXPos, &w.ButtonXPos)
	set(p.ButtonYPos, &w.ButtonYPos)
	set(p.RatingEnabled, &w.RatingEnabled)
	set(p.RemoveBranding, &w.RemoveBranding)
	set(p.ChatEnabled, &w.ChatEnabled)
	set(p.PageParameters, &w.PageParameters)
	set(p.AwayMessages, &w.AwayMessages)
	set(p.Reopen, &w.Reopen)
	if p.BusinessHours.Set {
		w.BusinessHours = p.BusinessHours.Ptr()
	}
	p.Look.apply(&w.Look)
	return w
}

func set[T any](v optional.Value[T], into *T) {
	if p := v.Ptr(); p != nil {
		*into = *p
	}
}

func (p Patch) checkToken(token string) string {
	if token != p.Of {
		return "cannot be changed"
	}
	return ""
}

func validParameters(names []string) bool {
	return len(names) <= maxParameters && !slices.ContainsFunc(names, func(n string) bool {
		return !parameter.MatchString(n)
	})
}

func checkOffset(v optional.Value[float64], name string, wrong *fault.Problems) {
	if p := v.Ptr(); p != nil {
		wrong.Check(*p >= -maxOffset && *p <= maxOffset, name, "must lie between -10000 and 10000")
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
