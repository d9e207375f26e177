package main

import "testing"

// TestQuotasOfAWebsite: --quota states limits of classes and the storage limit, each with a way to take it away.
func TestQuotasOfAWebsite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		texts   []string
		storage int64 // -1: none is stated; 0: it is taken away
		classes bool
		ok      bool
	}{
		{[]string{"storage=50GiB"}, 50 << 30, false, true},
		{[]string{"storage=1048576"}, 1 << 20, false, true},
		{[]string{"storage=3MiB", "read=600/60"}, 3 << 20, true, true},
		{[]string{"storage="}, 0, false, true},
		{[]string{"import="}, -1, true, true},
		{[]string{"storage=many"}, -1, false, false},
		{[]string{"storage=-1GiB"}, -1, false, false},
		{[]string{"storage=9999999999TiB"}, -1, false, false},
		{[]string{"storage"}, -1, false, false},
	} {
		set := map[string]any{}
		err := addQuotas(set, c.texts)
		if (err == nil) != c.ok {
			t.Errorf("%q: %v", c.texts, err)
			continue
		}
		limit, states := set["storageLimit"].(*int64)
		if states != (c.storage >= 0) || limit != nil && *limit != c.storage || states && limit == nil && c.storage != 0 {
			t.Errorf("%q: states a storage limit: %v", c.texts, states)
		}
		if _, has := set["quotas"]; has != c.classes {
			t.Errorf("%q: states limits of classes: %v", c.texts, has)
		}
	}
}
