// Package workspace owns what the agents of a website's team set up for themselves: canned replies, saved views of the
// inbox, and macros. It isn't for conversations and their private notes: the service conversations owns them.
//
// Begin with Item, which all three have in common, and Service, the use cases. Invariants: only its owner sees an item
// that isn't shared, and a shortcut names one reply of a scope: the team's shared replies, or those of one user.
//
// It writes the collections workspace_replies, workspace_views and workspace_macros.
package workspace
