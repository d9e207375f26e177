// Package webhooks owns the webhooks of websites and their deliveries. A webhook is an HTTP endpoint that wants events
// of some types; a delivery is one event on its way to one webhook.
//
// Begin with Webhook, Delivery and Plan. The service is driven by events alone: it follows the logs of conversations,
// visitors and tickets, and plans one delivery of each event for every webhook that wants it. internal/dispatch makes
// the deliveries, internal/sender the HTTP requests.
//
// Invariants: a delivery is made at least once, and carries the event's id, by which receivers detect repetitions.
// Events about one conversation, visitor or ticket are delivered to a webhook in order: a failing delivery holds back
// later ones with the same key, and no others.
//
// Messages are signed as standardwebhooks.com specifies. Signing needs the secret itself, so it is stored and not
// hashed. It is shown once, and is in no log, export, trace or later response.
//
// The package isn't for live streams to browsers: those belong to conversations. It writes the collections
// webhooks_webhooks, webhooks_deliveries, webhooks_bodies and webhooks_positions.
package webhooks
