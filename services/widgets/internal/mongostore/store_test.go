package mongostore_test

import (
	"errors"
	"reflect"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/widgets"
	"fivechat.dev/services/widgets/internal/mongostore"
)

func open(t *testing.T) *mongostore.Store {
	t.Helper()
	db := storetest.DB(t, "widgets")
	s := mongostore.New(db)
	storetest.Ready(t, db)
	return s
}

func add(t *testing.T, s *mongostore.Store, of tenant.ID, token string) widgets.Widget {
	t.Helper()
	w := widgets.Default(of, token)
	if err := s.Create(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestStoredWidgetIsUnchanged(t *testing.T) {
	t.Parallel()
	s, a := open(t), storetest.Tenant(1)
	w := add(t, s, a, "wgt_a")
	if got, err := s.Get(t.Context(), a); err != nil || !reflect.DeepEqual(got, w) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.ByToken(t.Context(), "wgt_a"); err != nil || !reflect.DeepEqual(got, w) {
		t.Errorf("the token leads to %v, %v", got, err)
	}
	if _, err := s.ByToken(t.Context(), "wgt_b"); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown token: %v", err)
	}
}

// TestRowOfAnEarlierVersionHasTheDefaultLook stores a row without a look. A change keeps what it doesn't name.
func TestRowOfAnEarlierVersionHasTheDefaultLook(t *testing.T) {
	t.Parallel()
	s, a := open(t), storetest.Tenant(1)
	old := widgets.Default(a, "wgt_a")
	old.Look = widgets.Look{}
	if err := s.Create(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	want := widgets.Default(a, "wgt_a")
	if got, err := s.ByToken(t.Context(), "wgt_a"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	saved, err := s.Save(t.Context(), a, func(w widgets.Widget) (widgets.Widget, error) { return w, nil })
	if err != nil || saved.Version != old.Version {
		t.Errorf("an unchanged row is saved: %+v, %v", saved, err)
	}
	if _, err := s.Save(t.Context(), a, func(w widgets.Widget) (widgets.Widget, error) {
		w.Notices = []string{}
		return w, nil
	}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(t.Context(), a)
	if err != nil || got.Theme != "auto" || got.Notices == nil || len(got.Notices) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestTokenOfAnErasedWebsiteIsForgotten checks that a token finds its new website after its old one was erased.
func TestTokenOfAnErasedWebsiteIsForgotten(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	add(t, s, a, "wgt_a")
	if got, err := s.ByToken(t.Context(), "wgt_a"); err != nil || got.WebsiteID != a {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := s.Remove(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ByToken(t.Context(), "wgt_a"); !fault.Is(err, fault.NotFound) {
		t.Errorf("after the erasure: %v", err)
	}
	add(t, s, b, "wgt_a")
	if got, err := s.ByToken(t.Context(), "wgt_a"); err != nil || got.WebsiteID != b {
		t.Errorf("the new website: %+v, %v", got, err)
	}
	if err := s.Remove(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	add(t, s, b, "wgt_b")
	if _, err := s.ByToken(t.Context(), "wgt_a"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the website has another token: %v", err)
	}
}

func TestTakenTokenStoresNothing(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	add(t, s, a, "wgt_a")
	err := s.Create(t.Context(), widgets.Default(b, "wgt_a"))
	if !fault.Is(err, fault.Conflict) || fault.From(err).Code != "client_token_taken" {
		t.Errorf("got %v", err)
	}
	if _, err := s.Get(t.Context(), b); !fault.Is(err, fault.NotFound) {
		t.Errorf("half of it is stored: %v", err)
	}
}

func TestConcurrentSavesAreAllKept(t *testing.T) {
	t.Parallel()
	s, a := open(t), storetest.Tenant(1)
	add(t, s, a, "wgt_a")
	const each = 8
	var wg sync.WaitGroup
	for range each {
		wg.Go(func() {
			if _, err := s.Save(t.Context(), a, func(w widgets.Widget) (widgets.Widget, error) {
				w.ButtonXPos++
				return w, nil
			}); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := s.Save(t.Context(), a, func(w widgets.Widget) (widgets.Widget, error) {
				w.ButtonYPos++
				return w, nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := s.Get(t.Context(), a)
	if w := widgets.Default(a, "wgt_a"); err != nil || got.ButtonXPos != w.ButtonXPos+each ||
		got.ButtonYPos != w.ButtonYPos+each {
		t.Errorf("a change was lost: %+v, %v", got, err)
	}
}

func TestRefusedChangeIsNotStored(t *testing.T) {
	t.Parallel()
	s, a := open(t), storetest.Tenant(1)
	w := add(t, s, a, "wgt_a")
	refused := fault.Bad("color", "is ugly")
	_, err := s.Save(t.Context(), a, func(w widgets.Widget) (widgets.Widget, error) {
		w.Color = "#000"
		return w, refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if got, err := s.Get(t.Context(), a); err != nil || !reflect.DeepEqual(got, w) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestIsolation changes one website's widget and reads the other's; then they swap roles.
func TestIsolation(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	add(t, s, a, "wgt_a")
	add(t, s, b, "wgt_b")
	for _, roles := range [][2]tenant.ID{{a, b}, {b, a}} {
		before, err := s.Get(t.Context(), roles[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Save(t.Context(), roles[0], func(w widgets.Widget) (widgets.Widget, error) {
			w.ButtonClass += "x"
			return w, nil
		}); err != nil {
			t.Fatal(err)
		}
		if after, err := s.Get(t.Context(), roles[1]); err != nil || !reflect.DeepEqual(after, before) {
			t.Errorf("the other's widget was %+v and is %+v, %v", before, after, err)
		}
	}
	if _, err := s.Get(t.Context(), tenant.ID{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("without a website: %v", err)
	}
}
