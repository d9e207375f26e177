// Package visitors owns the people on tenants' websites: their names, the context that a website stores about them, and
// their presence. It isn't for their conversations; the conversations service owns those.
//
// Begin with Visitor and Session, the domain types; Service has the use cases, and Store is what it needs of a
// database.
//
// Invariants: a visitor is identified by a token that their browser keeps. Once a visitor has a secret, their token is
// only resumed with it. Presence is the time at which a visitor was last seen, written at most every 15 seconds; a
// visitor who was seen in the last 60 seconds is online.
//
// The service writes the collections visitors_visitors, visitors_tokens (token to website), visitors_erased (number of
// erased visitors), visitors_policies, visitors_notes and its event log.
package visitors
