package mongostore

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

// policyRow is a website's policy about its visitors. A website without one has none.
type policyRow struct {
	Website          tenant.ID `bson:"websiteId"`
	IdentityRequired bool      `bson:"identityRequired"`
}

const (
	policyWebsites = 16_384      // whose policies a process remembers, with about 100 bytes each
	policyFor      = time.Second // how long, so that another replica's change is known by then
)

// policies are the policies of websites, of which a process remembers those that it has just read.
type policies struct {
	rows  *mongokit.Collection[policyRow]
	known *lru.Cache[tenant.ID, knownPolicy]
}

type knownPolicy struct {
	required bool
	at       time.Time
}

func declarePolicies(db *mongokit.DB) policies {
	known, err := lru.New[tenant.ID, knownPolicy](policyWebsites)
	if err != nil { // the size isn't positive
		panic(err)
	}
	return policies{
		mongokit.Tenanted[policyRow](db, "visitors_policies", "policy", mongokit.Index{Unique: true}), known,
	}
}

// IdentityRequired implements visitors.Store.
func (s *Store) IdentityRequired(ctx context.Context, t tenant.ID) (bool, error) {
	asked := time.Now()
	if p, ok := s.policies.known.Get(t); ok && asked.Sub(p.at) < policyFor {
		return p.required, nil
	}
	row, err := s.policies.rows.Get(ctx, t, nil)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	s.policies.known.Add(t, knownPolicy{row.IdentityRequired, asked})
	return row.IdentityRequired, nil
}

// RequireIdentity implements visitors.Store.
func (s *Store) RequireIdentity(ctx context.Context, t tenant.ID, required bool) (before bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := s.policies.rows.Get(ctx, t, nil)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		before = row.IdentityRequired
		_, err = s.policies.rows.Upsert(ctx, t, nil,
			bson.D{{Key: "$set", Value: bson.D{{Key: "identityRequired", Value: required}}}})
		return err
	})
	s.policies.known.Remove(t)
	return before, err
}
