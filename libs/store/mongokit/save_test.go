package mongokit

import (
	"reflect"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestChangesNamesOnlyFieldsThatDiffer(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    int64      `bson:"_id"`
		Name  string     `bson:"name"`
		Note  string     `bson:"note,omitempty"`
		Tags  []string   `bson:"tags"`
		Ended *time.Time `bson:"ended"`
	}
	at := time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC)
	stored := row{ID: 1, Name: "Lamp", Note: "dark", Tags: []string{"a"}}
	for name, c := range map[string]struct {
		change     func(*row)
		set, unset []string
	}{
		"nothing":          {func(*row) {}, nil, nil},
		"a text":           {func(r *row) { r.Name = "Sofa" }, []string{"name"}, nil},
		"a list":           {func(r *row) { r.Tags = []string{"a", "b"} }, []string{"tags"}, nil},
		"a null":           {func(r *row) { r.Ended = &at }, []string{"ended"}, nil},
		"an omitted field": {func(r *row) { r.Note = "" }, nil, []string{"note"}},
		"several": {func(r *row) {
			r.Name = "Sofa"
			r.Ended = &at
			r.Note = ""
		}, []string{"name", "ended"}, []string{"note"}},
	} {
		after := stored
		c.change(&after)
		update, err := Changes(stored, after)
		if err != nil {
			t.Fatal(name, err)
		}
		got := map[string][]string{}
		for _, operator := range update {
			for _, field := range operator.Value.(bson.D) {
				got[operator.Key] = append(got[operator.Key], field.Key)
			}
		}
		if !reflect.DeepEqual(got["$set"], c.set) || !reflect.DeepEqual(got["$unset"], c.unset) {
			t.Errorf("%s: %v, want to set %v and to unset %v", name, got, c.set, c.unset)
		}
	}
}
