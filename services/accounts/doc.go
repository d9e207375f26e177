// Package accounts owns the websites (which are the tenants) with their organization and plan, their users (agents),
// the people who sign in, the API tokens of their own programs, the audit log, and exports and erasures of personal
// data. It isn't for the data that the other services own; DataHolder exports and erases it there.
//
// Begin with Website, User and Token, the domain types, and Erasure, the state of an erasure; Service has the use
// cases, and Store is what it needs of a database. People has the use cases of persons: Person, Membership, Session and
// Invitation are its types, and PeopleStore, Passwords and Attempts its ports.
//
// Invariants:
//
//   - A user belongs to one website. A person who works for several websites has one user on each, under the same
//     e-mail address: each has its own id, name and settings, so that no change on one website affects another. An
//     e-mail address is therefore unique within a website, not over all.
//   - A person has one account in the installation, and a membership for each website, which makes them one of its
//     users. A website with members has an owner. An invitation is accepted once.
//   - The secrets of sessions and invitations are shown once; only their SHA-256 is stored, and of passwords Argon2id.
//   - An API token's secret is shown once, when it is created; only its SHA-256 is stored.
//   - Every change of a website has an entry in the audit log, written in the transaction of the change.
//   - An erasure is a stored job. A task makes each service erase its data in batches and records each service that has
//     finished. Then it repeats all of them once, for data that was written in the meantime.
//
// An export of a website or of one of its visitors reads each service in turn, page by page.
//
// The service writes the collections accounts_websites, accounts_users, accounts_tokens, accounts_people,
// accounts_memberships, accounts_sessions, accounts_invitations, accounts_audit and accounts_erasures. They are small
// and stay unsharded: a token or a session is found by its hash before its website is known.
package accounts
