package mongostore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/visitors"
)

// peers stands for the other services. The client token is the website's number, and a claim's token is the user that
// it proves: "4711" or, with a name and an address, "4711 Vera vera@customer.example".
type peers struct{}

func (peers) Resolve(_ context.Context, clientToken string) (visitors.Widget, error) {
	w := visitors.Widget{WebsiteID: one, ChatEnabled: true}
	if clientToken == "2" {
		w.WebsiteID = two
	}
	return w, nil
}

func (peers) Open(context.Context, tenant.ID, id.Visitor) (visitors.View, error) {
	return nil, fault.Missing("conversation")
}

func (peers) Online(context.Context, tenant.ID) (bool, error) { return true, nil }

func (peers) Notify(context.Context, tenant.ID, id.Visitor, contract.Data) {}

func (peers) Verify(_ context.Context, _ tenant.ID, c visitors.Claim) (*visitors.Identity, error) {
	if c.Token == "forged" {
		return nil, fault.Bad("token", "is forged")
	}
	said := append(strings.Fields(c.Token), "", "")
	return &visitors.Identity{UserID: said[0], Name: said[1], Email: said[2], Verified: true}, nil
}

// device is a browser that keeps its visitor's token and secret.
type device struct {
	*testing.T
	service       *visitors.Service
	site          string
	token, secret string
}

func (f fixture) devices(t *testing.T) func(site string) *device {
	service := visitors.New(f.Store, peers{}, peers{}, peers{}, peers{}, peers{}, time.Now)
	return func(site string) *device { return &device{T: t, service: service, site: site} }
}

func (d *device) session(c visitors.Claim, p visitors.Patch) (visitors.Session, error) {
	s, err := d.service.OpenSession(d.Context(), visitors.NewSession{
		ClientToken: d.site, VisitorToken: d.token, VisitorSecret: &d.secret, Claim: c, Patch: p,
	})
	if err == nil {
		d.token = s.Token
		if s.Secret != "" {
			d.secret = s.Secret
		}
	}
	return s, err
}

// open opens a session with a claim and returns the visitor.
func (d *device) open(c visitors.Claim) visitors.Visitor {
	d.Helper()
	s, err := d.session(c, visitors.Patch{})
	if err != nil {
		d.Fatal(err)
	}
	return s.Visitor
}

func proven(user string) visitors.Claim   { return visitors.Claim{Token: user} }
func unproven(user string) visitors.Claim { return visitors.Claim{UserID: user} }

// TestIdentifiedDevices lists what a device's visitor becomes: the same one, the user's, or a new one.
func TestIdentifiedDevices(t *testing.T) {
	t.Parallel()
	const same, users, fresh = "the same", "the user's", "a new one"
	nothing := visitors.Claim{}
	for name, c := range map[string]struct {
		before    visitors.Claim // of the device
		claim     visitors.Claim
		elsewhere bool // the user 7 is known from another device
		want      string
		verified  bool
	}{
		"anonymous, nothing said":          {nothing, nothing, true, same, false},
		"anonymous, a new user":            {nothing, proven("7"), false, same, true},
		"anonymous, a known user":          {nothing, proven("7"), true, users, true},
		"anonymous, unproven":              {nothing, unproven("7"), true, same, false},
		"unproven, the same unproven":      {unproven("7"), unproven("7"), true, same, false},
		"unproven, the same proven, new":   {unproven("7"), proven("7"), false, same, true},
		"unproven, the same proven, known": {unproven("7"), proven("7"), true, users, true},
		"unproven, another proven":         {unproven("8"), proven("7"), false, fresh, true},
		"unproven, another unproven":       {unproven("8"), unproven("7"), true, fresh, false},
		"verified, the same again":         {proven("8"), proven("8"), true, same, true},
		"verified, the same unproven":      {proven("8"), unproven("8"), true, same, true},
		"verified, nothing said":           {proven("8"), nothing, true, same, true},
		"verified, another one, new":       {proven("8"), proven("7"), false, fresh, true},
		"verified, another one, known":     {proven("8"), proven("7"), true, users, true},
		"verified, another one, unproven":  {proven("8"), unproven("7"), true, fresh, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newStore(t)
			browser := f.devices(t)
			var known visitors.Visitor
			if c.elsewhere {
				known = browser("1").open(proven("7"))
			}
			d := browser("1")
			before := d.open(c.before)
			after := d.open(c.claim)
			got := fresh
			switch after.ID {
			case before.ID:
				got = same
			case known.ID:
				got = users
			}
			if got != c.want || (after.Identity != nil && after.Identity.Verified) != c.verified {
				t.Errorf("%s, %+v, want %s", got, after.Identity, c.want)
			}
			if kept, err := f.ByIDs(t.Context(), one, []id.Visitor{before.ID}); err != nil || len(kept) != 1 ||
				got != same && kept[0].Version != before.Version {
				t.Errorf("the device's visitor before: %+v, %v", kept, err)
			}
			if again := d.open(nothing); again.ID != after.ID {
				t.Errorf("the device resumes the visitor %d, not %d", again.ID, after.ID)
			}
		})
	}
}

// TestVerifiedVisitorGetsAnotherSecret: once, when it becomes verified. The one before, which others may know who have
// used the browser, is then no secret of the visitor. The token stays. A claim without a proof replaces nothing.
func TestVerifiedVisitorGetsAnotherSecret(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	announced := announcer{}
	d := f.devices(t)("1")
	d.service.AnnounceTo(&announced)
	v := d.open(visitors.Claim{})
	before := d.secret
	if d.open(unproven("7")); d.secret != before || len(announced) > 0 {
		t.Errorf("an unproven claim replaces the secret, and announces %v", announced)
	}
	if got := d.open(proven("7")); got.ID != v.ID || d.token != v.Token || d.secret == before {
		t.Errorf("the verified visitor %d has the token %s, the secret stays: %t", got.ID, d.token, d.secret == before)
	}
	if !slices.Equal(announced, announcer{v.Token}) {
		t.Errorf("announced: %v", announced)
	}
	after := d.secret
	if got := d.open(proven("7")); got.ID != v.ID || d.secret != after {
		t.Errorf("the next session is of visitor %d, and replaces the secret: %t", got.ID, d.secret != after)
	}
	d.secret = before
	if got := d.open(visitors.Claim{}); got.ID == v.ID {
		t.Error("the secret of before resumes the verified visitor")
	}
}

// TestOnlyVerifiedVisitors lists what a website that serves verified visitors only admits. A refusal stores nothing,
// and another website isn't affected.
func TestOnlyVerifiedVisitors(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	browser := f.devices(t)
	anonymous, claiming, known := browser("1"), browser("1"), browser("1")
	anonymous.open(visitors.Claim{})
	claiming.open(unproven("7"))
	known.open(proven("8"))
	if before, err := known.service.RequireIdentity(t.Context(), one, true); err != nil || before {
		t.Fatalf("before: %t, %v", before, err)
	}
	total := func() int64 {
		t.Helper()
		found, err := f.List(t.Context(), one, visitors.Filter{}, paging.Following{})
		if err != nil {
			t.Fatal(err)
		}
		return found.Total
	}
	was := total()
	for name, c := range map[string]struct {
		on    *device
		claim visitors.Claim
	}{
		"a new device":                              {browser("1"), visitors.Claim{}},
		"a new device, a claim":                     {browser("1"), unproven("8")},
		"an anonymous visitor":                      {anonymous, visitors.Claim{}},
		"an anonymous visitor, a claim":             {anonymous, unproven("9")},
		"a claim again":                             {claiming, unproven("7")},
		"a verified visitor, a claim to be another": {known, unproven("9")},
	} {
		before := c.on.token
		if _, err := c.on.session(c.claim, visitors.Patch{}); fault.From(err).Code != "identity_required" {
			t.Errorf("%s: %v", name, err)
		}
		if c.on.token != before || total() != was {
			t.Errorf("%s: something was stored", name)
		}
	}
	refused := func(d *device) bool {
		t.Helper()
		_, owner, err := d.service.Resolve(t.Context(), d.token)
		if err != nil {
			t.Fatal(err)
		}
		return owner.IsRefused
	}
	if !refused(anonymous) || !refused(claiming) || refused(known) {
		t.Error("other tokens than those of verified visitors are refused")
	}
	known.open(visitors.Claim{})
	known.open(unproven("8"))
	if anonymous.open(proven("9")); refused(anonymous) {
		t.Error("a visitor who is verified by now is refused")
	}
	browser("1").open(proven("10"))
	browser("2").open(visitors.Claim{})
	if before, err := known.service.RequireIdentity(t.Context(), one, false); err != nil || !before {
		t.Fatalf("before: %t, %v", before, err)
	}
	if claiming.open(unproven("7")); refused(claiming) {
		t.Error("switched off, a token is still refused")
	}
}

// announcer records the tokens whose secrets have changed.
type announcer []string

func (a *announcer) TokensChanged(_ context.Context, tokens ...string) { *a = append(*a, tokens...) }

// TestForgedClaimsChangeNothing: neither the visitor nor what the page says beside the claim.
func TestForgedClaimsChangeNothing(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	d := f.devices(t)("1")
	before := d.open(visitors.Claim{})
	before.SecretHash = "" // stored with the token
	published := len(f.published(t))
	_, err := d.session(proven("forged"), visitors.Patch{Name: optional.Of("Mallory")})
	var wrong *fault.Error
	if wrong = fault.From(err); wrong.Kind != fault.Invalid || wrong.Fields[0].Field != "identity.token" {
		t.Errorf("%v", err)
	}
	after, err := f.ByToken(t.Context(), one, before.Token)
	want(t, after, err, before)
	if got := f.published(t); len(got) != published {
		t.Errorf("published %v", got)
	}
}

// TestPagesCantOverwriteWhatIsVerified: later unproven calls change neither the identity nor the name.
func TestPagesCantOverwriteWhatIsVerified(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	d := f.devices(t)("1")
	said := visitors.Patch{Name: optional.Of("Mallory"), Context: visitorcontext.Context{
		"userId": []byte(`"1"`), "email": []byte(`"m@m.example"`), "cart": []byte("3"),
	}}
	if _, err := d.session(visitors.Claim{}, said); err != nil {
		t.Fatal(err)
	}
	vera := visitors.Identity{UserID: "7", Name: "Vera", Email: "v@c.example", Verified: true}
	for _, claim := range []visitors.Claim{
		proven("7 Vera v@c.example"), {}, {UserID: "7", Email: "m@m.example"}, proven("7"),
	} {
		s, err := d.session(claim, said)
		if err != nil {
			t.Fatal(err)
		}
		if v := s.Visitor; v.Name != "Vera" || v.Context != `{"cart":3}` || fmt.Sprint(*v.Identity) != fmt.Sprint(vera) {
			t.Errorf("after %+v: %+v, %+v", claim, v, *v.Identity)
		}
	}
	// With the user's id alone verified, the rest stays the page's word.
	other := f.devices(t)("1")
	s, err := other.session(proven("8"), said)
	if err != nil || s.Visitor.Name != "Mallory" || s.Visitor.Context != `{"cart":3,"email":"m@m.example"}` ||
		s.Visitor.Identity.Email != "" {
		t.Errorf("%+v, %v", s.Visitor, err)
	}
}

// TestUsersAreSeparateByWebsite: the same user id is another visitor on another website, and a device's token and
// secret open nothing there.
func TestUsersAreSeparateByWebsite(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	browser := f.devices(t)
	here, there := browser("1"), browser("2")
	first := here.open(proven("7"))
	if other := there.open(proven("7")); other.ID == first.ID || other.WebsiteID != two {
		t.Errorf("%+v", other)
	}
	further := browser("1")
	if further.open(proven("7")).ID != first.ID || further.token == here.token {
		t.Errorf("the further device has the token %s", further.token)
	}
	_, err := f.ByToken(t.Context(), two, further.token)
	wantKind(t, err, fault.NotFound)
	got, err := f.ByToken(t.Context(), one, further.token)
	want(t, got.ID, err, first.ID)
	further.site = "2"
	if v := further.open(visitors.Claim{}); v.WebsiteID != two || v.ID == first.ID {
		t.Errorf("a device's token resumes %+v on another website", v)
	}
}

func TestConcurrentDevicesShareOneVisitor(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	browser := f.devices(t)
	ids := make([]id.Visitor, 6)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			d := browser("1")
			if i%2 == 0 {
				d.open(visitors.Claim{})
			}
			s, err := d.session(proven("7"), visitors.Patch{})
			if err != nil {
				t.Error(err)
			}
			ids[i] = s.Visitor.ID
		})
	}
	all.Wait()
	for _, v := range ids {
		if v != ids[0] {
			t.Fatalf("the devices are the visitors %v", ids)
		}
	}
	v, err := f.ByUser(t.Context(), one, "7")
	if err != nil || len(v.Identity.Devices) != len(ids)-1 {
		t.Errorf("%+v, %v", v.Identity, err)
	}
}

func TestOldestDeviceIsForgotten(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	browser := f.devices(t)
	var first, second *device
	var user id.Visitor
	for i := range 22 {
		d := browser("1")
		user = d.open(proven("7")).ID
		switch i {
		case 0:
			first = d
		case 1:
			second = d
		}
	}
	if _, _, err := f.Owner(t.Context(), second.token); !fault.Is(err, fault.NotFound) {
		t.Errorf("the oldest further device: %v", err)
	}
	if v := second.open(visitors.Claim{}); v.ID == user {
		t.Error("the oldest further device resumes the visitor")
	}
	if v := first.open(visitors.Claim{}); v.ID != user {
		t.Error("the device that created the visitor doesn't resume it")
	}
}

func TestErasingVisitorEndsEveryDevice(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	browser := f.devices(t)
	one1, one2, other := browser("1"), browser("1"), browser("1")
	gone := one1.open(proven("7 Vera v@c.example"))
	one2.open(proven("7"))
	other.open(proven("8"))
	if kinds, rows := storetest.Exported(t, f, subject.Visitor(one, gone.ID)); kinds["visitor"] != 1 ||
		!strings.Contains(rows[0], "v@c.example") {
		t.Errorf("exported: %v", rows)
	}
	storetest.Erase(t, f, subject.Visitor(one, gone.ID))
	for _, d := range []*device{one1, one2} {
		_, _, err := f.Owner(t.Context(), d.token)
		wantKind(t, err, fault.NotFound)
	}
	_, err := f.ByUser(t.Context(), one, "7")
	wantKind(t, err, fault.NotFound)
	if again := one2.open(proven("7")); again.ID == gone.ID || again.Name == "Vera" {
		t.Errorf("the user is known after the erasure: %+v", again)
	}
	storetest.Erase(t, f, subject.Website(one))
	page, err := f.List(t.Context(), one, visitors.Filter{}, paging.Following{})
	want(t, len(page.Rows), err, 0)
	for _, d := range []*device{one2, other} {
		_, _, err := f.Owner(t.Context(), d.token)
		wantKind(t, err, fault.NotFound)
	}
}
