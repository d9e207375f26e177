// Package webhooks owns what websites want to be told of over HTTP, and what became of telling them: endpoints and
// deliveries. It is fed by events alone: it follows the logs of conversations, visitors and tickets, and makes of each
// event one delivery for every webhook that wants it.
//
// A delivery is made at least once, and carries the event's id, so that a receiver can tell what it has seen. To one
// webhook, what happened to one conversation, visitor or ticket is delivered in order: what fails holds back what comes
// after it of the same, and nothing else. Messages are signed as standardwebhooks.com has it. For that a secret has to be
// kept as it is, and not as a hash; it is shown once, and stands in no log, export, trace or answer after that.
//
// It writes the collections webhooks_webhooks, webhooks_deliveries, webhooks_bodies and webhooks_positions.
package webhooks
