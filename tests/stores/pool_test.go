package stores

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/store/mongokit"
)

// pooled gives what a component's metrics say of the connections to the store.
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

// TestConnectionsAreCounted: what was used rests afterwards, also where it failed, and none is left at the end.
func TestConnectionsAreCounted(t *testing.T) {
	t.Parallel()
	db, tele := connect(t, uri, fresh())
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
		t.Errorf("afterwards %v are used and %v rest, %d waited, for %v", used, idle, waits, operations)
	}
	if err := rows.Insert(t.Context(), row{"a"}); !mongokit.IsDuplicate(err) {
		t.Errorf("the same again: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := rows.Insert(gone, row{"b"}); err == nil {
		t.Error("what nobody waits for is stored")
	}
	if used, _, _, operations = pooled(t, tele.Registry); used != 0 || operations["insert ok"] != 2 || operations["insert failed"] != 1 {
		t.Errorf("after what failed %v connections are used, for %v", used, operations)
	}
	if err := db.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if used, idle, _, _ = pooled(t, tele.Registry); used+idle != 0 {
		t.Errorf("at the end there are %v connections", used+idle)
	}
}
