// Package visitors owns the people on tenants' sites: who they are, what their site says of them, and whether they are
// there now.
//
// A visitor is known by a token that stays in their browser. Presence is the time they were last seen, written at most
// every 15 seconds; who was seen in the last 60 is online.
//
// It writes the collections visitors_visitors, visitors_tokens (which leads from a token to its website), visitors_erased
// (how many are gone) and its event log.
package visitors
