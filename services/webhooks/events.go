package webhooks

import "fivechat.dev/libs/contract"

// WasDisabled returns the event of a webhook that the system has disabled.
func (w Webhook) WasDisabled() contract.Data {
	return contract.WebhookDisabledData{WebhookID: w.ID, URL: w.URL, Reason: w.DisabledReason}
}
