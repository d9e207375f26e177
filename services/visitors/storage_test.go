package visitors_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/visitors"
)

// full is a storage limit that has been reached.
type full struct{ err error }

// Check implements visitors.Storage.
func (f full) Check(context.Context, tenant.ID) error { return f.err }

type anyWidget struct{ visitors.Widgets }

func (anyWidget) Resolve(context.Context, string) (visitors.Widget, error) {
	return visitors.Widget{ChatEnabled: true}, nil
}

// reserving is a store that fails when ids are reserved.
type reserving struct{ visitors.Store }

func (reserving) IdentityRequired(context.Context, tenant.ID) (bool, error) { return false, nil }

var errReserved = errors.New("a number was reserved")

func (reserving) Reserve(context.Context, int) (id.Visitor, error) { return 0, errReserved }

// TestNewVisitorsAreRefusedWithoutStorage: nothing is stored about a new visitor if the website has reached its limit.
func TestNewVisitorsAreRefusedWithoutStorage(t *testing.T) {
	t.Parallel()
	refusal := fault.Coded(fault.TooLarge, "storage_full", "full")
	for _, c := range []struct {
		name  string
		limit error
		want  error
	}{{"below the limit", nil, errReserved}, {"at the limit", refusal, refusal}} {
		s := visitors.New(reserving{}, anyWidget{}, nil, online{}, nil, nil, time.Now)
		s.LimitStorage(full{c.limit})
		if _, err := s.OpenSession(t.Context(), visitors.NewSession{ClientToken: "shop"}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// online reports that no agent is online.
type online struct{}

// Online implements visitors.Agents.
func (online) Online(context.Context, tenant.ID) (bool, error) { return false, nil }
