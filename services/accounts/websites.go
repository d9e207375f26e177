package accounts

import (
	"context"
	"maps"
	"strings"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
)

// CreateWebsite creates a website and its widget. The widget is created first, so that every stored website has one. A
// widget whose website can't be stored belongs to an id that is never used again.
func (s *Service) CreateWebsite(ctx context.Context, n NewWebsite, by By) (Website, error) {
	w, err := n.website()
	if err != nil {
		return Website{}, err
	}
	if w.ID, err = s.store.NextWebsite(ctx); err != nil {
		return Website{}, err
	}
	e, err := s.entry(ctx, w.ID, by, "website", "create", w.ID.Int64())
	if err != nil {
		return Website{}, err
	}
	if w.ClientToken, err = s.widgets.Open(ctx, w.ID, n.ClientToken); err != nil {
		return Website{}, err
	}
	w.CreatedAt = s.moment()
	return w, s.store.AddWebsite(ctx, w, e.changing(nil, w.audited()))
}

// Website returns a website.
func (s *Service) Website(ctx context.Context, t tenant.ID) (Website, error) {
	return s.store.Website(ctx, t)
}

// Presence returns a website, as its own agents see it, with its widget.
func (s *Service) Presence(ctx context.Context, t tenant.ID) (Website, Widget, error) {
	w, err := s.store.Website(ctx, t)
	if err != nil {
		return Website{}, Widget{}, err
	}
	widget, err := s.widgets.Of(ctx, t)
	return w, widget, err
}

// Websites lists all websites, newest first.
func (s *Service) Websites(ctx context.Context, w paging.Window) (paging.Slice[Website], error) {
	return s.store.Websites(ctx, w)
}

// WebsitePatch is a partial update. An absent field leaves the stored value unchanged. Null Quotas remove all of the
// website's own limits; a null class among them removes the limit of that class.
type WebsitePatch struct {
	Name, URL, Organization optional.Value[string]
	Plan                    optional.Value[identity.Plan]
	Quotas                  optional.Value[map[Class]*Quota]
	StorageLimit            optional.Value[int64] // bytes; null means the plan's
}

// Apply returns w with the changes of p, or an Invalid fault that lists every wrong field.
func (p WebsitePatch) Apply(w Website) (Website, error) {
	set(p.Name, &w.Name, "")
	set(p.URL, &w.URL, "")
	set(p.Organization, &w.Organization, "")
	if p.Plan.Set {
		w.Plan = p.Plan.V
	}
	w.Name, w.Organization = strings.TrimSpace(w.Name), strings.TrimSpace(w.Organization)
	if w.Organization == "" {
		w.Organization = w.Name
	}
	var wrong fault.Problems
	if p.StorageLimit.Set {
		w.StorageLimit = p.StorageLimit.V
		if !p.StorageLimit.Null {
			storagequota.CheckLimit("storageLimit", w.StorageLimit, &wrong)
		}
	}
	if p.Quotas.Null {
		w.Quotas = nil
	}
	w.Quotas = w.Quotas.with(p.Quotas.V, &wrong)
	w.check(&wrong)
	return w, wrong.Err()
}

func (w Website) check(wrong *fault.Problems) {
	wrong.Check(isName(w.Name), "name", nameRule)
	wrong.Check(utf8.RuneCountInString(w.Organization) <= maxName, "organization", nameRule)
	wrong.Check(isURL(w.URL, "http", "https"), "url", "must be an http or https address of at most 2048 characters")
	wrong.Check(w.Plan.Valid(), "plan", "must be FREE or PRO")
}

// UpdateWebsite changes a website. It invalidates the gateways' caches, so that a new plan or limit applies
// immediately.
func (s *Service) UpdateWebsite(ctx context.Context, t tenant.ID, p WebsitePatch, by By) (Website, error) {
	e, err := s.entry(ctx, t, by, "website", "update", t.Int64())
	if err != nil {
		return Website{}, err
	}
	limits := false
	w, err := s.store.SaveWebsite(ctx, t, func(w Website) (Website, Entry, error) {
		changed, err := p.Apply(w)
		limits = changed.Plan != w.Plan || changed.StorageLimit != w.StorageLimit || !maps.Equal(changed.Quotas, w.Quotas)
		return changed, e.changing(w.audited(), changed.audited()), err
	})
	if err == nil && limits {
		s.announce.WebsiteChanged(ctx, t)
	}
	return w, err
}
