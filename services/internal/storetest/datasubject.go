package storetest

import (
	"encoding/json"
	"testing"

	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/store/datasubject"
)

// Exported returns the number of rows of each kind in a holder's export, and their texts.
func Exported(
	t testing.TB, k datasubject.DataHolder, of subject.Subject,
) (kinds map[string]int, rows []string) {
	t.Helper()
	kinds = map[string]int{}
	for after, begun := "", false; after != "" || !begun; begun = true {
		page, err := k.Export(t.Context(), of, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Rows {
			var r struct{ Kind string }
			if err := json.Unmarshal(row, &r); err != nil {
				t.Fatalf("%v: %s", err, row)
			}
			kinds[r.Kind]++
			rows = append(rows, string(row))
		}
		after = page.Next
	}
	return kinds, rows
}

// mostBatches is the limit for erasures that would never end.
const mostBatches = 100

// Erase makes a holder erase all batches, and then once more, which must find nothing.
func Erase(t testing.TB, k datasubject.DataHolder, of subject.Subject) {
	t.Helper()
	for range mostBatches {
		more, err := k.Erase(t.Context(), of)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			if more, err = k.Erase(t.Context(), of); more || err != nil {
				t.Fatalf("erased again: %v, %v", more, err)
			}
			return
		}
	}
	t.Fatalf("not erased in %d batches", mostBatches)
}
