package widgets_test

import (
	"context"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/widgets"
)

// one is a store of a single widget. Other methods than Save panic.
type one struct {
	widgets.Store
	widget widgets.Widget
}

func (s *one) Save(
	_ context.Context, _ tenant.ID, change func(widgets.Widget) (widgets.Widget, error),
) (widgets.Widget, error) {
	return change(s.widget)
}

type silent struct{ widgets.Announcer }

func (silent) Changed(context.Context, widgets.Widget) {}

// update returns a default widget after a patch.
func update(t *testing.T, p widgets.Patch) (widgets.Widget, error) {
	t.Helper()
	store := &one{widget: widgets.Default(tenant.ID{}, "wgt_1")}
	return widgets.New(store, silent{}, time.Now).Update(t.Context(), tenant.ID{}, p)
}

func TestPatch(t *testing.T) {
	t.Parallel()
	text, number := optional.Of[string], optional.Of[float64]
	null := optional.Value[string]{Set: true, Null: true}
	for name, tc := range map[string]struct {
		patch widgets.Patch
		wrong []string
		holds func(widgets.Widget) bool
	}{
		"nothing": {widgets.Patch{}, nil, func(w widgets.Widget) bool {
			return reflect.DeepEqual(w, widgets.Default(tenant.ID{}, "wgt_1"))
		}},
		"null": {widgets.Patch{Color: null, WelcomeMessages: null}, nil, func(w widgets.Widget) bool {
			return reflect.DeepEqual(w, widgets.Default(tenant.ID{}, "wgt_1"))
		}},
		"short colour": {widgets.Patch{Color: text("#FfF")}, nil, func(w widgets.Widget) bool {
			return w.Color == "#FfF"
		}},
		"with alpha": {
			widgets.Patch{BubbleColor: text("#ffff"), BubbleTextColor: text("#11223344")},
			nil,
			func(w widgets.Widget) bool {
				return w.BubbleColor == "#ffff" && w.BubbleTextColor == "#11223344"
			},
		},
		"offsets": {widgets.Patch{ButtonXPos: number(-3.5), ButtonYPos: number(0)}, nil, func(w widgets.Widget) bool {
			return w.ButtonXPos == -3.5 && w.ButtonYPos == 0
		}},
		"switches": {
			widgets.Patch{
				ChatEnabled:    optional.Of(false),
				RatingEnabled:  optional.Of(false),
				RemoveBranding: optional.Of(true),
			},
			nil, func(w widgets.Widget) bool {
				return !w.ChatEnabled && !w.RatingEnabled && w.RemoveBranding
			},
		},
		"classes": {widgets.Patch{ButtonClass: text("btn md:p-2 w-1/2")}, nil, func(w widgets.Widget) bool {
			return w.ButtonClass == "btn md:p-2 w-1/2"
		}},
		"same token": {widgets.Patch{ClientToken: text("wgt_1")}, nil, func(w widgets.Widget) bool {
			return w.ClientToken == "wgt_1"
		}},
		"other token": {widgets.Patch{ClientToken: text("wgt_2")}, []string{"websiteClientToken"}, nil},
		"colour names": {
			widgets.Patch{
				Color:           text("red"),
				ButtonBgColor:   text("#12"),
				ButtonTextColor: text("#ggg"),
				BubbleColor:     text(""),
			},
			[]string{"color", "buttonBgColor", "buttonTextColor", "bubbleColor"},
			nil,
		},
		"colour break": {widgets.Patch{Color: text("#fff\n")}, []string{"color"}, nil},
		"class markup": {
			widgets.Patch{
				ChatClass:      text(`a"><b`),
				ChatTitleClass: text(strings.Repeat("a", 257)),
				ChatInputClass: text("a;b"),
			},
			[]string{"chatClass", "chatTitleClass", "chatInputClass"},
			nil,
		},
		"long texts": {
			widgets.Patch{
				ChatFormFields:  text(strings.Repeat("a", 16<<10+1)),
				WelcomeMessages: text(strings.Repeat("a", 16<<10)),
			},
			[]string{"chatFormFields"},
			nil,
		},
		"far away": {
			widgets.Patch{ButtonXPos: number(10_001), ButtonYPos: number(math.Inf(-1))},
			[]string{"buttonXPos", "buttonYPos"},
			nil,
		},
		"parameters": {
			widgets.Patch{PageParameters: optional.Of([]string{"lang", "utm_source"})},
			nil,
			func(w widgets.Widget) bool {
				return slices.Equal(w.PageParameters, []string{"lang", "utm_source"})
			},
		},
		"no parameters": {widgets.Patch{PageParameters: optional.Of([]string{})}, nil, func(w widgets.Widget) bool {
			return len(w.PageParameters) == 0
		}},
		"many": {
			widgets.Patch{PageParameters: optional.Of(slices.Repeat([]string{"a"}, 21))},
			[]string{"pageParameters"},
			nil,
		},
		"no name": {
			widgets.Patch{PageParameters: optional.Of([]string{"a", ""})}, []string{"pageParameters"}, nil,
		},
		"odd name": {widgets.Patch{PageParameters: optional.Of([]string{"a b"})}, []string{"pageParameters"}, nil},
		"long name": {
			widgets.Patch{PageParameters: optional.Of([]string{strings.Repeat("a", 65)})},
			[]string{"pageParameters"},
			nil,
		},
		"look": {
			widgets.Patch{Look: widgets.LookChange{
				Theme:      text("dark"),
				LogoURL:    text("https://shop.example/logo.svg"),
				Notices:    optional.Of([]string{}),
				QuietHours: optional.Of(widgets.QuietHours{From: "22:00", To: "08:00"}),
			}},
			nil,
			func(w widgets.Widget) bool {
				return w.Theme == "dark" && w.LogoURL == "https://shop.example/logo.svg" && w.Notices != nil &&
					len(w.Notices) == 0 && *w.QuietHours == widgets.QuietHours{From: "22:00", To: "08:00"}
			},
		},
		"no quiet hours": {
			widgets.Patch{Look: widgets.LookChange{
				Theme:      null,
				QuietHours: optional.Value[widgets.QuietHours]{Set: true, Null: true},
			}},
			nil, func(w widgets.Widget) bool { return w.QuietHours == nil && w.Theme == "auto" },
		},
		"no picture": {
			widgets.Patch{Look: widgets.LookChange{LogoURL: text(""), LauncherIconURL: text("")}},
			nil, func(w widgets.Widget) bool { return w.LogoURL == "" && w.LauncherIconURL == "" },
		},
		"wrong look": {
			widgets.Patch{Look: widgets.LookChange{
				Theme:           text("system"),
				LogoURL:         text("http://shop.example/logo.png"),
				LauncherIconURL: text("https://shop.example/" + strings.Repeat("a", 2048)),
				Notices:         optional.Of([]string{"badge", "badge"}),
				QuietHours:      optional.Of(widgets.QuietHours{From: "22:00", To: "24:00"}),
			}},
			[]string{"theme", "logoUrl", "launcherIconUrl", "notices", "quietHours"},
			nil,
		},
		"no scheme, no time": {
			widgets.Patch{Look: widgets.LookChange{
				LogoURL:         text("javascript:alert(1)"),
				LauncherIconURL: text("//shop.example/a.png"),
				Notices:         optional.Of([]string{"bell"}),
				QuietHours:      optional.Of(widgets.QuietHours{From: "8:00", To: "8:00"}),
			}},
			[]string{"logoUrl", "launcherIconUrl", "notices", "quietHours"},
			nil,
		},
		"empty quiet hours": {
			widgets.Patch{Look: widgets.LookChange{
				QuietHours: optional.Of(widgets.QuietHours{From: "08:00", To: "08:00"}),
			}},
			[]string{"quietHours"},
			nil,
		},
		"business hours": {
			widgets.Patch{
				BusinessHours: optional.Of(weekly("Europe/Berlin", "MON", "00:00", "24:00")),
				AwayMessages:  text(`["Bye"]`),
				Reopen:        optional.Of(true),
			},
			nil,
			func(w widgets.Widget) bool {
				return reflect.DeepEqual(*w.BusinessHours, weekly("Europe/Berlin", "MON", "00:00", "24:00")) &&
					w.AwayMessages == `["Bye"]` && w.Reopen
			},
		},
		"no business hours": {
			widgets.Patch{BusinessHours: optional.Value[businesshours.Hours]{Set: true, Null: true}, AwayMessages: null},
			nil,
			func(w widgets.Widget) bool { return w.BusinessHours == nil && w.AwayMessages == "[]" && !w.Reopen },
		},
		"long away messages": {
			widgets.Patch{AwayMessages: text(strings.Repeat("a", 16<<10+1))}, []string{"awayMessages"}, nil,
		},
		"half is wrong": {widgets.Patch{Color: text("#000"), BubbleColor: text("x")}, []string{"bubbleColor"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.patch.Of = "wgt_1"
			got, err := update(t, tc.patch)
			var wrong []string
			if err != nil {
				for _, f := range fault.From(err).Fields {
					wrong = append(wrong, f.Field)
				}
			}
			if !slices.Equal(wrong, tc.wrong) {
				t.Errorf("wrong members %v, want %v", wrong, tc.wrong)
			}
			if tc.holds != nil && !tc.holds(got) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// weekly is one range of time a week.
func weekly(timezone, day, from, to string) businesshours.Hours {
	return businesshours.Hours{Timezone: timezone, Days: []businesshours.Range{{Day: day, From: from, To: to}}}
}

func TestWrongBusinessHoursAreRefused(t *testing.T) {
	t.Parallel()
	many := weekly("UTC", "MON", "09:00", "17:00")
	many.Days = slices.Repeat(many.Days, 29)
	for name, hours := range map[string]businesshours.Hours{
		"no time zone":         weekly("", "MON", "09:00", "17:00"),
		"the machine's zone":   weekly("Local", "MON", "09:00", "17:00"),
		"an unknown time zone": weekly("Europe/Atlantis", "MON", "09:00", "17:00"),
		"no ranges":            {Timezone: "UTC"},
		"many ranges":          many,
		"an unknown day":       weekly("UTC", "mon", "09:00", "17:00"),
		"no time":              weekly("UTC", "MON", "9:00", "17:00"),
		"begins at 24:00":      weekly("UTC", "MON", "24:00", "24:00"),
		"after the day":        weekly("UTC", "MON", "09:00", "24:01"),
		"over midnight":        weekly("UTC", "MON", "22:00", "06:00"),
		"empty":                weekly("UTC", "MON", "09:00", "09:00"),
	} {
		_, err := update(t, widgets.Patch{Of: "wgt_1", BusinessHours: optional.Of(hours)})
		if !fault.Is(err, fault.Invalid) || fault.From(err).Fields[0].Field != "businessHours" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidClientToken(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]bool{
		"a":                      true,
		"A-z_09":                 true,
		strings.Repeat("a", 128): true,
		strings.Repeat("a", 129): false,
		"":                       false,
		"a b":                    false,
		"a/b":                    false,
		"é":                      false,
		"a\n":                    false,
	} {
		if widgets.ValidClientToken(token) != want {
			t.Errorf("%q: %v, want %v", token, !want, want)
		}
	}
}
