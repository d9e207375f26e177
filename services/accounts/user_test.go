package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/services/accounts"
)

var (
	text = optional.Of[string]
	null = optional.Value[string]{Set: true, Null: true}
	ann  = accounts.User{Name: "Ann", Email: "ann@example.com", Theme: "dark", Language: "de"}
)

func fieldsOf(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return ""
	}
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Field)
	}
	return strings.Join(names, ",")
}

func TestInvalidUserPatchListsWrongFields(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 101)
	for name, c := range map[string]struct {
		patch accounts.UserPatch
		wrong string
	}{
		"nothing": {accounts.UserPatch{}, ""},
		"all": {accounts.UserPatch{
			text("Ben"), text("ben@example.com"), text("light"), text("pt-BR"),
			text("https://example.com/b.png"),
		}, ""},
		"longest name":        {accounts.UserPatch{Name: text(long[2:])}, ""},
		"long name":           {accounts.UserPatch{Name: text(long)}, "name"},
		"blank name":          {accounts.UserPatch{Name: text(" \t\n")}, "name"},
		"null name":           {accounts.UserPatch{Name: null}, "name"},
		"null e-mail":         {accounts.UserPatch{Email: null}, "email"},
		"e-mail with a name":  {accounts.UserPatch{Email: text("Ann <ann@example.com>")}, "email"},
		"e-mail in brackets":  {accounts.UserPatch{Email: text("<ann@example.com>")}, "email"},
		"two e-mails":         {accounts.UserPatch{Email: text("a@example.com, b@example.com")}, "email"},
		"no at":               {accounts.UserPatch{Email: text("ann")}, "email"},
		"line break":          {accounts.UserPatch{Email: text("ann@example.com\r\nBcc: x@example.com")}, "email"},
		"long e-mail":         {accounts.UserPatch{Email: text(strings.Repeat("a", 250) + "@b.cd")}, "email"},
		"theme":               {accounts.UserPatch{Theme: text("pink")}, "theme"},
		"null theme":          {accounts.UserPatch{Theme: null}, ""},
		"language":            {accounts.UserPatch{Language: text("English")}, "language"},
		"language tag":        {accounts.UserPatch{Language: text("en_US")}, "language"},
		"long language":       {accounts.UserPatch{Language: text("en" + strings.Repeat("-aa", 20))}, "language"},
		"avatar over http":    {accounts.UserPatch{AvatarURL: text("http://example.com/a.png")}, "avatarUrl"},
		"avatar script":       {accounts.UserPatch{AvatarURL: text("javascript:alert(1)")}, "avatarUrl"},
		"avatar without host": {accounts.UserPatch{AvatarURL: text("https:///a.png")}, "avatarUrl"},
		"long avatar": {
			accounts.UserPatch{AvatarURL: text("https://e.com/" + strings.Repeat("a", 2048))},
			"avatarUrl",
		},
		"several": {accounts.UserPatch{Name: text(""), Email: text(""), Theme: text("")}, "name,email,theme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.patch.Validate()
			if got := fieldsOf(err); got != c.wrong || (err == nil) != (c.wrong == "") {
				t.Errorf("wrong = %q (%v), want %q", got, err, c.wrong)
			}
		})
	}
}

func TestUserPatchAppliesFields(t *testing.T) {
	t.Parallel()
	patch := accounts.UserPatch{
		Email:     text("Ann.B@Example.COM"),
		Name:      text("  Ann B "),
		AvatarURL: text("https://example.com/a"),
	}
	u, err := patch.Apply(ann), patch.Validate()
	if err != nil || u.Email != "ann.b@example.com" || u.Name != "Ann B" || u.Theme != "dark" || u.Language != "de" ||
		*u.AvatarURL != "https://example.com/a" {
		t.Fatalf("%+v, %v", u, err)
	}
	patch = accounts.UserPatch{Theme: null, Language: null, AvatarURL: null}
	u, err = patch.Apply(u), patch.Validate()
	if err != nil || u.Theme != "system" || u.Language != "en" || u.AvatarURL != nil || u.Name != "Ann B" {
		t.Fatalf("%+v, %v", u, err)
	}
}

func TestUserIsOnlineForOneMinute(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for ago, want := range map[time.Duration]bool{
		0: true, 60 * time.Second: true,
		60*time.Second + time.Millisecond: false,
	} {
		if got := (accounts.User{LastSeenAt: now.Add(-ago)}).Online(now); got != want {
			t.Errorf("seen %s ago: online %t", ago, got)
		}
	}
	if (accounts.User{}).Online(now) {
		t.Error("never seen, but online")
	}
}

// TestStatusOfUser: a user is away by their own word, or after five minutes without activity.
func TestStatusOfUser(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		user accounts.User
		want accounts.UserStatus
	}{
		"never seen":             {accounts.User{}, accounts.UserOffline},
		"seen, activity unknown": {accounts.User{LastSeenAt: now}, accounts.UserOnline},
		"active":                 {accounts.User{LastSeenAt: now, ActiveAt: ago(5 * time.Minute)}, accounts.UserOnline},
		"idle":                   {accounts.User{LastSeenAt: now, ActiveAt: ago(5*time.Minute + 1)}, accounts.UserAway},
		"away by their own word": {accounts.User{LastSeenAt: now, ActiveAt: now, IsAway: true}, accounts.UserAway},
		"away, and not seen":     {accounts.User{LastSeenAt: ago(61 * time.Second), IsAway: true}, accounts.UserOffline},
		"active, and not seen":   {accounts.User{LastSeenAt: ago(61 * time.Second), ActiveAt: now}, accounts.UserOffline},
		"seen for the last time": {accounts.User{LastSeenAt: ago(60 * time.Second)}, accounts.UserOnline},
		"idle and away": {
			accounts.User{LastSeenAt: now, ActiveAt: ago(time.Hour), IsAway: true}, accounts.UserAway,
		},
	} {
		if got := c.user.Status(now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
