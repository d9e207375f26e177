package accounts_test

import (
	"reflect"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/services/accounts"
)

func TestWebsitePatchAppliesFieldsOrNamesWrongOnes(t *testing.T) {
	t.Parallel()
	type quotas = map[accounts.Class]*accounts.Quota
	shop := accounts.Website{
		Name: "Shop", Organization: "Org", URL: "https://shop.example", Plan: identity.Free,
		Quotas: accounts.Quotas{"read": {Requests: 600, Seconds: 60}, "write": {Requests: 5, Seconds: 1}},
	}
	with := func(change func(*accounts.Website)) accounts.Website {
		w := shop
		change(&w)
		return w
	}
	for name, c := range map[string]struct {
		patch accounts.WebsitePatch
		want  accounts.Website
		wrong string
	}{
		"nothing": {want: shop},
		"all": {
			patch: accounts.WebsitePatch{
				Name:         optional.Of(" Store "),
				URL:          optional.Of("http://store.example"),
				Organization: optional.Of("Inc"),
				Plan:         optional.Of(identity.Pro),
			},
			want: with(func(w *accounts.Website) {
				w.Name, w.URL, w.Organization, w.Plan = "Store", "http://store.example", "Inc", identity.Pro
			}),
		},
		"one class more": {
			patch: accounts.WebsitePatch{Quotas: optional.Of(quotas{
				"stream": {Requests: 1_000_000, Seconds: 3600},
				"read":   {Requests: 1, Seconds: 1},
			})},
			want: with(func(w *accounts.Website) {
				w.Quotas = accounts.Quotas{
					"read": {Requests: 1, Seconds: 1}, "write": {Requests: 5, Seconds: 1},
					"stream": {Requests: 1_000_000, Seconds: 3600},
				}
			}),
		},
		"a class less": {
			patch: accounts.WebsitePatch{Quotas: optional.Of(quotas{"read": nil, "import": nil})},
			want:  with(func(w *accounts.Website) { w.Quotas = accounts.Quotas{"write": {Requests: 5, Seconds: 1}} }),
		},
		"none": {
			patch: accounts.WebsitePatch{Quotas: optional.Value[map[accounts.Class]*accounts.Quota]{Set: true, Null: true}},
			want:  with(func(w *accounts.Website) { w.Quotas = accounts.Quotas{} }),
		},
		"null": {patch: accounts.WebsitePatch{
			Name: optional.Value[string]{Set: true, Null: true},
			Plan: optional.Value[identity.Plan]{Set: true, Null: true},
		}, wrong: "name,plan"},
		"bad texts": {
			patch: accounts.WebsitePatch{URL: optional.Of("shop"), Plan: optional.Of(identity.Plan("GOLD"))},
			wrong: "url,plan",
		},
		"unknown class": {
			patch: accounts.WebsitePatch{Quotas: optional.Of(quotas{"health": {Requests: 1, Seconds: 1}})},
			wrong: "quotas.health",
		},
		"too little": {
			patch: accounts.WebsitePatch{Quotas: optional.Of(quotas{"session": {}})},
			wrong: "quotas.session.requests,quotas.session.seconds",
		},
		"too much": {
			patch: accounts.WebsitePatch{Quotas: optional.Of(quotas{
				"public":  {Requests: 1_000_001, Seconds: 1},
				"visitor": {Requests: 1, Seconds: 3601},
			})},
			wrong: "quotas.public.requests,quotas.visitor.seconds",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if wrong := fieldsOf(c.patch.Validate()); wrong != c.wrong {
				t.Fatalf("wrong = %q, want %q", wrong, c.wrong)
			}
			if c.wrong != "" {
				return
			}
			if got := c.patch.Apply(shop); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v\nwant %+v", got, c.want)
			}
			if len(shop.Quotas) != 2 {
				t.Error("the stored quotas were changed")
			}
		})
	}
}
