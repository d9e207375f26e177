package mongostore

import (
	"context"
	"encoding/json"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// NextErasure implements accounts.Store.
func (s *Store) NextErasure(ctx context.Context) (int64, error) { return s.erasureIDs.Next(ctx) }

// BeginErasure implements accounts.Store. The unique index on open admits one erasure of an object at a time.
func (s *Store) BeginErasure(ctx context.Context, e accounts.Erasure, entry accounts.Entry) (accounts.Erasure, error) {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.erasures.Insert(ctx, e); err != nil {
			return err
		}
		if !e.Subject().IsVisitor() {
			n, err := s.websites.Delete(ctx, byID(e.WebsiteID))
			if err != nil {
				return err
			}
			if n == 0 {
				return fault.Missing("website")
			}
		}
		return s.AddEntry(ctx, entry)
	})
	if mongokit.IsDuplicate(err) {
		return s.erasures.Get(ctx, bson.D{{Key: "open", Value: e.Open}})
	}
	return e, err
}

// Erasure implements accounts.Store.
func (s *Store) Erasure(ctx context.Context, id int64) (accounts.Erasure, error) {
	return s.erasures.Get(ctx, byID(id))
}

// ClaimErasure implements accounts.Store.
func (s *Store) ClaimErasure(ctx context.Context, now, until time.Time) (accounts.Erasure, error) {
	return s.erasures.Modify(ctx,
		bson.D{{Key: "doneAt", Value: nil}, {Key: "dueAt", Value: bson.D{{Key: "$lte", Value: now}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "dueAt", Value: until}}}}, false)
}

// SaveErasure implements accounts.Store.
func (s *Store) SaveErasure(ctx context.Context, e accounts.Erasure, due time.Time) error {
	update := bson.D{{Key: "$set", Value: e}}
	if e.Open == "" { // an empty field is omitted from $set
		update = append(update, bson.E{Key: "$unset", Value: bson.D{{Key: "open", Value: ""}}})
	}
	held, err := s.erasures.Update(ctx, append(byID(e.ID), bson.E{Key: "dueAt", Value: due}), update)
	if err == nil && !held {
		return fault.New(fault.Conflict, "another process has claimed the erasure")
	}
	return err
}

// tables are the collections that data exports contain after the website itself.
func tables(db *mongokit.DB) datasubject.Tables {
	return datasubject.Tables{
		datasubject.Table{Kind: "user"}.In(db, "accounts_users"),
		datasubject.Table{Kind: "formerUser"}.In(db, "accounts_former_users"),
		datasubject.Table{Kind: "team"}.In(db, "accounts_teams"),
		datasubject.Table{Kind: "token", Omit: []string{"hash"}}.In(db, "accounts_tokens"),
		datasubject.Table{Kind: "membership"}.In(db, "accounts_memberships"),
		datasubject.Table{Kind: "invitation", Omit: []string{"hash"}}.In(db, "accounts_invitations"),
		datasubject.Table{Kind: "identitySecret", Omit: []string{"sealed"}}.In(db, "accounts_identity_secrets"),
		datasubject.Table{Kind: "audit"}.In(db, "accounts_audit"),
	}
}

// ExportAccounts implements accounts.Store.
func (s *Store) ExportAccounts(ctx context.Context, t tenant.ID, after string) (accounts.ExportPage, error) {
	page, err := s.tables.Export(ctx, subject.Website(t), after)
	if err != nil {
		return accounts.ExportPage{}, err
	}
	if after == "" {
		w, err := s.stored.Get(ctx, byID(t))
		if err != nil {
			return accounts.ExportPage{}, err
		}
		line, err := datasubject.Line("website", w)
		if err != nil {
			return accounts.ExportPage{}, err
		}
		page.Rows = append([]json.RawMessage{line}, page.Rows...)
	}
	out := accounts.ExportPage{Rows: make([][]byte, len(page.Rows)), Next: page.Next}
	for i, row := range page.Rows {
		out.Rows[i] = row
	}
	return out, nil
}

// EraseAccounts implements accounts.Store. The remaining entry of the audit log records that the website was erased,
// and by which caller.
func (s *Store) EraseAccounts(ctx context.Context, t tenant.ID) (more bool, err error) {
	for _, some := range []func() (int64, error){
		func() (int64, error) { return s.tokens.DeleteSome(ctx, t, nil, eraseRows) },
		func() (int64, error) { return s.identitySecrets.DeleteSome(ctx, t, nil, eraseRows) },
		func() (int64, error) { return s.invitations.DeleteSome(ctx, t, nil, eraseRows) },
		func() (int64, error) { return s.memberships.DeleteSome(ctx, t, nil, eraseRows) },
		func() (int64, error) { return s.users.DeleteSome(ctx, t, nil, eraseRows) },
		func() (int64, error) { return s.formerUsers.DeleteSome(ctx, t, nil, eraseRows) },
		func() (int64, error) { return s.teams.DeleteSome(ctx, t, nil, eraseRows) },
		func() (int64, error) {
			return s.audit.DeleteSome(ctx, t,
				bson.D{{Key: "action", Value: bson.D{{Key: "$ne", Value: accounts.WebsiteErased}}}}, eraseRows)
		},
	} {
		if n, err := some(); n > 0 || err != nil {
			return true, err
		}
	}
	return false, nil
}

// eraseRows is the number of rows in a batch.
const eraseRows = 500
