package mongokit_test

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
)

// pooled returns a component's metrics of the connections to the store.
func pooled(t *testing.T, r prometheus.Gatherer) (used, idle float64, waits uint64, operations map[string]uint64) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	operations = map[string]uint64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["db_system_name"] != "mongodb" {
				continue
			}
			switch f.GetName() {
			case "db_client_connection_count":
				if labels["state"] == "used" {
					used = m.GetGauge().GetValue()
				} else {
					idle = m.GetGauge().GetValue()
				}
			case "db_client_connection_wait_time_seconds":
				waits = m.GetHistogram().GetSampleCount()
			case "db_client_operation_duration_seconds":
				operations[labels["db_operation_name"]+" "+labels["outcome"]] = m.GetHistogram().GetSampleCount()
			}
		}
	}
	return used, idle, waits, operations
}

// TestConnectionsAreCounted checks that connections are idle after an operation, also after a failed one, and that none
// is left after Close.
func TestConnectionsAreCounted(t *testing.T) {
	t.Parallel()
	db, tele := storetest.Connect(t, storetest.Database())
	type row struct {
		ID string `bson:"_id"`
	}
	rows := mongokit.GlobalOf[row](db, "test_pool", "row")
	if err := rows.Insert(t.Context(), row{"a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Get(t.Context(), bson.D{{Key: "_id", Value: "a"}}); err != nil {
		t.Fatal(err)
	}
	used, idle, waits, operations := pooled(t, tele.Registry)
	if used != 0 || idle < 1 || waits < 2 || operations["insert ok"] != 1 || operations["find ok"] != 1 {
		t.Errorf("afterwards %v connections are in use and %v idle, %d waits, for %v", used, idle, waits, operations)
	}
	if err := rows.Insert(t.Context(), row{"a"}); !mongokit.IsDuplicate(err) {
		t.Errorf("a duplicate: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := rows.Insert(gone, row{"b"}); err == nil {
		t.Error("a cancelled insert succeeds")
	}
	if used, _, _, operations = pooled(t, tele.Registry); used != 0 || operations["insert ok"] != 2 ||
		operations["insert failed"] != 1 {
		t.Errorf("after the failed insert %v connections are in use, for %v", used, operations)
	}
	if err := db.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if used, idle, _, _ = pooled(t, tele.Registry); used+idle != 0 {
		t.Errorf("after Close there are %v connections", used+idle)
	}
}
