// Package mongostore stores the items of a workspace in MongoDB. Store opens the collections, and is the data holder
// for data subject requests; items implements workspace.Store for each kind.
//
// Invariant: the index of shortcuts is unique by owner. The package holds no business rules; those are in package
// workspace.
package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/workspace"
)

// termsField has the terms by which searches find a reply.
const termsField = "terms"

// Store opens the collections of all kinds.
type Store struct {
	replies items[workspace.Reply]
	views   items[workspace.View]
	macros  items[workspace.Macro]
	tables  datasubject.Tables
}

// New declares the collections.
func New(db *mongokit.DB) *Store {
	newest := mongokit.Index{Keys: newestFirst}
	byOwner := mongokit.Index{Keys: bson.D{{Key: "owner", Value: 1}}}
	ids := mongokit.NewSequence(db, "workspace", "item")
	return &Store{
		replies: items[workspace.Reply]{
			db: db, ids: ids, noun: "canned reply", code: "too_many_canned_replies",
			bounds: workspace.Bounds{Website: workspace.MaxReplies, Scope: workspace.MaxRepliesOf},
			all: mongokit.Tenanted[workspace.Reply](db, "workspace_replies", "canned reply", newest,
				mongokit.Index{Keys: bson.D{{Key: "owner", Value: 1}, {Key: "shortcut", Value: 1}}, Unique: true}),
		},
		views: items[workspace.View]{
			db: db, ids: ids, noun: "view", code: "too_many_views",
			bounds: workspace.Bounds{Website: workspace.MaxViews, Scope: workspace.MaxViewsOf},
			all:    mongokit.Tenanted[workspace.View](db, "workspace_views", "view", newest, byOwner),
		},
		macros: items[workspace.Macro]{
			db: db, ids: ids, noun: "macro", code: "too_many_macros",
			bounds: workspace.Bounds{Website: workspace.MaxMacros, Scope: workspace.MaxMacrosOf},
			all:    mongokit.Tenanted[workspace.Macro](db, "workspace_macros", "macro", newest, byOwner),
		},
		tables: datasubject.Tables{
			datasubject.Table{Kind: "canned_reply", Omit: []string{termsField}}.In(db, "workspace_replies"),
			datasubject.Table{Kind: "view"}.In(db, "workspace_views"),
			datasubject.Table{Kind: "macro"}.In(db, "workspace_macros"),
		},
	}
}

// Stores returns the store of each kind.
func (s *Store) Stores() workspace.Stores {
	return workspace.Stores{Replies: s.replies, Uses: s, Views: s.views, Macros: s.macros}
}

// Used implements workspace.Uses.
func (s *Store) Used(ctx context.Context, t tenant.ID, number id.WorkspaceItem) (workspace.Reply, error) {
	return s.replies.all.Modify(ctx, t, byID(number),
		bson.D{{Key: "$inc", Value: bson.D{{Key: "uses", Value: int64(1)}}}})
}

// Export implements datasubject.DataHolder.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	return s.tables.Export(ctx, of, after)
}

// Erase implements datasubject.DataHolder. No item is about a visitor.
func (s *Store) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	if of.IsVisitor() {
		return false, nil
	}
	return s.tables.Erase(ctx, of.Website())
}
