package api

import (
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/services/webhooks"
)

type byID struct {
	ID id.Webhook `path:"id" json:"-"`
}

type list struct{ paging.Window }

type listDeliveries struct {
	paging.Window
	ID     id.Webhook `path:"id" json:"-"`
	Status string     `query:"status" json:"-"`
}

type delivery struct {
	ID         id.Webhook  `path:"id" json:"-"`
	DeliveryID id.Delivery `path:"deliveryId" json:"-"`
}

type create struct {
	URL         string   `json:"url"`
	Description string   `json:"description"`
	Events      []string `json:"events"`
	Enabled     *bool    `json:"enabled"`
}

func (c create) draft() webhooks.Draft {
	return webhooks.Draft{
		URL:         c.URL,
		Description: c.Description,
		Events:      c.Events,
		Enabled:     c.Enabled == nil || *c.Enabled,
	}
}

type update struct {
	ID          id.Webhook               `path:"id" json:"-"`
	URL         optional.Value[string]   `json:"url"`
	Description optional.Value[string]   `json:"description"`
	Events      optional.Value[[]string] `json:"events"`
	Enabled     optional.Value[bool]     `json:"enabled"`
}

func (u update) patch() webhooks.Patch {
	return webhooks.Patch{URL: u.URL, Description: u.Description, Events: u.Events, Enabled: u.Enabled}
}

type rotate struct {
	ID             id.Webhook `path:"id" json:"-"`
	OverlapSeconds *int64     `json:"overlapSeconds"`
}
