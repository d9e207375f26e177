package accounts_test

import (
	"context"
	"errors"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/accounts"
)

// stores is a service that stores this many bytes of every website, or doesn't respond.
type stores int64

func (s stores) Stored(context.Context, tenant.ID) (int64, error) {
	if s < 0 {
		return 0, errors.New("no answer")
	}
	return int64(s), nil
}

// TestMeterAddsUpStoredBytes: a website's own limit overrides its plan's. If one service doesn't respond, the usage is
// unknown, not smaller.
func TestMeterAddsUpStoredBytes(t *testing.T) {
	t.Parallel()
	free, own := accounts.Website{Plan: identity.Free}, accounts.Website{Plan: identity.Pro, StorageLimit: 5 << 20}
	m := accounts.NewMeter([]accounts.Stored{stores(3), stores(4)})
	m.SetLimits(storagequota.Limits{identity.Free: 1 << 20, identity.Pro: 2 << 20})
	if u, err := m.Usage(t.Context(), free); u != (storagequota.Usage{Used: 7, Limit: 1 << 20}) || err != nil {
		t.Errorf("%+v, %v", u, err)
	}
	readings := m.Read(t.Context(), free, own)
	if len(readings) != 2 || *readings[0].Used != 7 || readings[1].Limit != 5<<20 {
		t.Errorf("%+v", readings)
	}
	away := accounts.NewMeter([]accounts.Stored{stores(3), stores(-1)})
	if _, err := away.Usage(t.Context(), free); err == nil {
		t.Error("a usage without a response")
	}
	if readings := away.Read(t.Context(), free); readings[0].Used != nil || readings[0].Limit != 1<<30 {
		t.Errorf("%+v", readings[0])
	}
}

// TestStorageLimitOfWebsiteIsPatched: it can be set, is removed by null, and is refused if it is out of range.
func TestStorageLimitOfWebsiteIsPatched(t *testing.T) {
	t.Parallel()
	w := accounts.Website{Name: "Shop", URL: "https://shop.example", Plan: identity.Free, StorageLimit: 7 << 20}
	for _, c := range []struct {
		name  string
		value optional.Value[int64]
		want  int64 // 0: refused
	}{
		{"absent", optional.Value[int64]{}, 7 << 20},
		{"set", optional.Of[int64](8 << 20), 8 << 20},
		{"too small", optional.Of[int64](5), 0},
		{"too large", optional.Of[int64](1 << 60), 0},
	} {
		patch := accounts.WebsitePatch{StorageLimit: c.value}
		changed, err := patch.Apply(w), patch.Validate()
		if (err != nil) != (c.want == 0) || err == nil && changed.StorageLimit != c.want {
			t.Errorf("%s: %d, %v", c.name, changed.StorageLimit, err)
		}
	}
	patch := accounts.WebsitePatch{StorageLimit: optional.Value[int64]{Set: true, Null: true}}
	changed, err := patch.Apply(w), patch.Validate()
	if err != nil || changed.StorageLimit != 0 {
		t.Errorf("null: %d, %v", changed.StorageLimit, err)
	}
}
