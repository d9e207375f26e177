package mongostore_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/widgets"
	"fivechat.dev/services/widgets/internal/mongostore"
)

// announced has the client tokens of the invalidated widgets.
type announced struct{ changed, erased []string }

func (a *announced) Changed(_ context.Context, w widgets.Widget) {
	a.changed = append(a.changed, w.ClientToken)
}

func (a *announced) Erased(_ context.Context, w widgets.Widget) {
	a.erased = append(a.erased, w.ClientToken)
}

// holder is the store with the service over it, as the app puts them together.
type holder struct {
	*mongostore.Store
	*widgets.Service
}

func TestWebsiteIsErased(t *testing.T) {
	t.Parallel()
	s, edges, one, two := open(t), &announced{}, storetest.Tenant(1), storetest.Tenant(2)
	k := holder{s, widgets.New(s, edges, time.Now)}
	add(t, s, one, "wgt_a")
	theirs := add(t, s, two, "wgt_b")
	if kinds, rows := storetest.Exported(t, k, subject.Website(one)); kinds["widget"] != 1 ||
		!strings.Contains(rows[0], `"clientToken":"wgt_a"`) {
		t.Errorf("%v", rows)
	}
	if kinds, _ := storetest.Exported(t, k, subject.Visitor(one, 7)); len(kinds) > 0 {
		t.Errorf("of a visitor: %v", kinds)
	}
	storetest.Erase(t, k, subject.Visitor(one, 7))
	if _, err := s.Get(t.Context(), one); err != nil {
		t.Errorf("a visitor's erasure took the widget: %v", err)
	}
	if len(edges.erased) > 0 {
		t.Errorf("invalidated: %v", edges.erased)
	}
	storetest.Erase(t, k, subject.Website(one))
	if _, err := s.Get(t.Context(), one); !fault.Is(err, fault.NotFound) {
		t.Errorf("the widget: %v", err)
	}
	if len(edges.erased) < 2 || edges.erased[0] != "wgt_a" || len(edges.changed) > 0 { // before and after the removal
		t.Errorf("invalidated: %+v", edges)
	}
	if _, err := s.ByToken(t.Context(), "wgt_a"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the token: %v", err)
	}
	if got, err := s.Get(t.Context(), two); err != nil || !reflect.DeepEqual(got, theirs) {
		t.Errorf("the other website's: %+v, %v", got, err)
	}
}
