// Package accounts owns the websites (which are the tenants) with their organization and plan, the users (agents) who
// answer there, and the API tokens by which a website's own programs come in.
//
// A user belongs to one website. A person who answers on several websites has one user on each, under the same e-mail
// address: each website's row has its own number, name and settings, so that nothing a website sees or changes reaches
// another. An e-mail address is therefore unique within a website, not over all.
//
// An API token's secret is shown once, when it is made; only its SHA-256 is kept.
//
// Every change has its line in the audit log, written in the change's own transaction.
//
// It also hands out, and erases, all that the services keep of a website or of one of its visitors. An export asks each
// service in turn, page by page. An erasure is a stored job; a task has each service erase what it has, batch by batch,
// notes each that has, and goes over all of them once more for what was let in meanwhile.
//
// It writes the collections accounts_websites, accounts_users, accounts_tokens, accounts_audit and accounts_erasures.
// They are small and stay unsharded: a token is found by its hash before anybody knows its website.
package accounts
