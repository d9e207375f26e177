package api

import (
	"time"

	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/widgets"
)

type byToken struct {
	ClientToken string `path:"clientToken" json:"-"`
}

type open struct {
	ClientToken string `json:"clientToken"`
}

type resolved struct {
	WebsiteID tenant.ID `json:"websiteId"`
	Widget    view      `json:"widget"`
}

// present is the state of a website's widget.
type present struct {
	ClientToken string     `json:"clientToken"`
	LoadedAt    *time.Time `json:"loadedAt"`

	BusinessHours *businesshours.Hours `json:"businessHours"`
}

func presentOf(w widgets.Widget) present {
	p := present{ClientToken: w.ClientToken, BusinessHours: w.BusinessHours}
	if !w.LoadedAt.IsZero() {
		p.LoadedAt = &w.LoadedAt
	}
	return p
}

// view is a widget as clients see it.
type view struct {
	ID                 int64    `json:"id"`
	Color              string   `json:"color"`
	ButtonClass        string   `json:"buttonClass"`
	ChatClass          string   `json:"chatClass"`
	ChatTitleClass     string   `json:"chatTitleClass"`
	ChatInputClass     string   `json:"chatInputClass"`
	ButtonXPos         float64  `json:"buttonXPos"`
	ButtonYPos         float64  `json:"buttonYPos"`
	ButtonBgColor      string   `json:"buttonBgColor"`
	ButtonTextColor    string   `json:"buttonTextColor"`
	BubbleColor        string   `json:"bubbleColor"`
	BubbleTextColor    string   `json:"bubbleTextColor"`
	WebsiteClientToken string   `json:"websiteClientToken"`
	ChatFormFields     string   `json:"chatFormFields"`
	WelcomeMessages    string   `json:"welcomeMessages"`
	RatingEnabled      bool     `json:"ratingEnabled"`
	RemoveBranding     bool     `json:"removeBranding"`
	ChatEnabled        bool     `json:"chatEnabled"`
	PageParameters     []string `json:"pageParameters"`

	Theme           string              `json:"theme"`
	LogoURL         string              `json:"logoUrl"`
	LauncherIconURL string              `json:"launcherIconUrl"`
	Notices         []string            `json:"notices"`
	QuietHours      *widgets.QuietHours `json:"quietHours"`

	BusinessHours *businesshours.Hours `json:"businessHours"`
	AwayMessages  string               `json:"awayMessages"`
	Reopen        bool                 `json:"reopen"`

	of version.Of
}

// Revision is the version of the widget in the view.
func (v view) Revision() version.Of { return v.of }

func viewOf(w widgets.Widget) view {
	return view{
		w.ID, w.Color, w.ButtonClass, w.ChatClass, w.ChatTitleClass, w.ChatInputClass, w.ButtonXPos, w.ButtonYPos,
		w.ButtonBgColor, w.ButtonTextColor, w.BubbleColor, w.BubbleTextColor, w.ClientToken, w.ChatFormFields,
		w.WelcomeMessages, w.RatingEnabled, w.RemoveBranding, w.ChatEnabled, w.PageParameters,
		w.Theme, w.LogoURL, w.LauncherIconURL, w.Notices, w.QuietHours,
		w.BusinessHours, w.AwayMessages, w.Reopen, w.Revision(),
	}
}

type update struct {
	ClientToken        string                   `path:"clientToken" json:"-"`
	Color              optional.Value[string]   `json:"color"`
	ButtonClass        optional.Value[string]   `json:"buttonClass"`
	ChatClass          optional.Value[string]   `json:"chatClass"`
	ChatTitleClass     optional.Value[string]   `json:"chatTitleClass"`
	ChatInputClass     optional.Value[string]   `json:"chatInputClass"`
	ButtonXPos         optional.Value[float64]  `json:"buttonXPos"`
	ButtonYPos         optional.Value[float64]  `json:"buttonYPos"`
	ButtonBgColor      optional.Value[string]   `json:"buttonBgColor"`
	ButtonTextColor    optional.Value[string]   `json:"buttonTextColor"`
	BubbleColor        optional.Value[string]   `json:"bubbleColor"`
	BubbleTextColor    optional.Value[string]   `json:"bubbleTextColor"`
	WebsiteClientToken optional.Value[string]   `json:"websiteClientToken"`
	ChatFormFields     optional.Value[string]   `json:"chatFormFields"`
	WelcomeMessages    optional.Value[string]   `json:"welcomeMessages"`
	RatingEnabled      optional.Value[bool]     `json:"ratingEnabled"`
	RemoveBranding     optional.Value[bool]     `json:"removeBranding"`
	ChatEnabled        optional.Value[bool]     `json:"chatEnabled"`
	PageParameters     optional.Value[[]string] `json:"pageParameters"`

	Theme           optional.Value[string]             `json:"theme"`
	LogoURL         optional.Value[string]             `json:"logoUrl"`
	LauncherIconURL optional.Value[string]             `json:"launcherIconUrl"`
	Notices         optional.Value[[]string]           `json:"notices"`
	QuietHours      optional.Value[widgets.QuietHours] `json:"quietHours"`

	BusinessHours optional.Value[businesshours.Hours] `json:"businessHours"`
	AwayMessages  optional.Value[string]              `json:"awayMessages"`
	Reopen        optional.Value[bool]                `json:"reopen"`
}

func (u update) patch() widgets.Patch {
	return widgets.Patch{
		Of:              u.ClientToken,
		Color:           u.Color,
		ButtonClass:     u.ButtonClass,
		ChatClass:       u.ChatClass,
		ChatTitleClass:  u.ChatTitleClass,
		ChatInputClass:  u.ChatInputClass,
		ButtonXPos:      u.ButtonXPos,
		ButtonYPos:      u.ButtonYPos,
		ButtonBgColor:   u.ButtonBgColor,
		ButtonTextColor: u.ButtonTextColor,
		BubbleColor:     u.BubbleColor,
		BubbleTextColor: u.BubbleTextColor,
		ClientToken:     u.WebsiteClientToken,
		ChatFormFields:  u.ChatFormFields,
		WelcomeMessages: u.WelcomeMessages,
		RatingEnabled:   u.RatingEnabled,
		RemoveBranding:  u.RemoveBranding,
		ChatEnabled:     u.ChatEnabled,
		PageParameters:  u.PageParameters,
		BusinessHours:   u.BusinessHours,
		AwayMessages:    u.AwayMessages,
		Reopen:          u.Reopen,
		Look: widgets.LookChange{
			Theme:           u.Theme,
			LogoURL:         u.LogoURL,
			LauncherIconURL: u.LauncherIconURL,
			Notices:         u.Notices,
			QuietHours:      u.QuietHours,
		},
	}
}
