package accounts

import (
	"context"
	"maps"
	"strings"

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
	w, e, err := s.newWebsite(ctx, n, by)
	if err != nil {
		return Website{}, err
	}
	return w, s.store.AddWebsite(ctx, w, e)
}

// newWebsite returns a website that isn't stored yet, and the entry of its creation.
func (s *Service) newWebsite(ctx context.Context, n NewWebsite, by By) (w Website, e Entry, err error) {
	if err := n.Validate(); err != nil {
		return w, e, err
	}
	w = n.website()
	if w.ID, err = s.store.NextWebsite(ctx); err != nil {
		return w, e, err
	}
	if e, err = s.entry(ctx, w.ID, by, "website", "create", w.ID.Int64()); err != nil {
		return w, e, err
	}
	if w.ClientToken, err = s.widgets.Open(ctx, w.ID, n.ClientToken); err != nil {
		return w, e, err
	}
	w.CreatedAt = s.now()
	return w, e.changing(nil, w.audited()), nil
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

// Validate reports every invalid field.
func (p WebsitePatch) Validate() error {
	var wrong fault.Problems
	if v := p.StorageLimit.Ptr(); v != nil {
		storagequota.CheckLimit("storageLimit", *v, &wrong)
	}
	checkQuotas(p.Quotas.V, &wrong)
	if p.Name.Set {
		wrong.Check(isName(strings.TrimSpace(p.Name.V)), "name", nameRule)
	}
	if p.Organization.Set {
		organization := strings.TrimSpace(p.Organization.V)
		if organization == "" {
			organization = strings.TrimSpace(p.Name.V)
		}
		wrong.Check(isOrganization(organization), "organization", nameRule)
	}
	if p.URL.Set {
		wrong.Check(isWebsiteURL(p.URL.V), "url", urlRule)
	}
	if p.Plan.Set {
		wrong.Check(p.Plan.V.Valid(), "plan", planRule)
	}
	return wrong.Err()
}

// Apply returns w with the changes of a valid patch.
func (p WebsitePatch) Apply(w Website) Website {
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
	if p.StorageLimit.Set {
		w.StorageLimit = p.StorageLimit.V
	}
	if p.Quotas.Null {
		w.Quotas = nil
	}
	w.Quotas = w.Quotas.with(p.Quotas.V)
	return w
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
		if err := p.Validate(); err != nil {
			return w, e, err
		}
		changed := p.Apply(w)
		limits = changed.Plan != w.Plan || changed.StorageLimit != w.StorageLimit || !maps.Equal(changed.Quotas, w.Quotas)
		return changed, e.changing(w.audited(), changed.audited()), nil
	})
	if err == nil && limits {
		s.announce.WebsiteChanged(ctx, t)
	}
	return w, err
}
