package tenant_test

import (
	"encoding/json"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/tenant"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "0", "-1", "x", "1.5", "9007199254740992", "99999999999999999999"} {
		if id, err := tenant.Parse(s); err == nil || !id.IsZero() {
			t.Errorf("%q became %v", s, id)
		}
	}
	if id, err := tenant.Parse("9007199254740991"); err != nil || id.String() != "9007199254740991" {
		t.Errorf("got %v, %v", id, err)
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	type row struct {
		Website tenant.ID `bson:"websiteId" json:"websiteId"`
	}
	id, _ := tenant.New(42)
	b, err := bson.Marshal(row{id})
	if err != nil || bson.Raw(b).Lookup("websiteId").Int64() != 42 {
		t.Fatalf("bson %v %v", b, err)
	}
	var back row
	if err := bson.Unmarshal(b, &back); err != nil || back.Website != id {
		t.Fatalf("got %v, %v", back, err)
	}
	wrong, _ := bson.Marshal(bson.D{{Key: "websiteId", Value: "42"}})
	if err := bson.Unmarshal(wrong, &back); err == nil {
		t.Fatal("a string is no tenant")
	}
	j, _ := json.Marshal(row{id})
	if string(j) != `{"websiteId":42}` || json.Unmarshal(j, &back) != nil || back.Website != id {
		t.Fatalf("json %s", j)
	}
	if json.Unmarshal([]byte(`{"websiteId":0}`), &back) == nil {
		t.Fatal("0 is no tenant")
	}
}
