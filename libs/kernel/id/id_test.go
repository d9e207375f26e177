package id_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
)

// TestTypedIDsEncodeAsNumbers: the bytes are those of an int64, in JSON and in BSON, also for small numbers, lists,
// map keys, absent values and the option ",string".
func TestTypedIDsEncodeAsNumbers(t *testing.T) {
	t.Parallel()
	type typed struct {
		Visitor  id.Visitor         `bson:"_id"       json:"id"`
		Text     id.Token           `bson:"token"     json:"token,string"`
		Absent   id.Ticket          `bson:"ticket"    json:"ticket,omitempty"`
		Assignee *id.User           `bson:"assignee"  json:"assignee"`
		Others   []id.Message       `bson:"others"    json:"others"`
		Counts   map[id.User]int64  `bson:"-"         json:"counts"`
		Minimal  id.Conversation    `bson:",minsize"  json:"minimal"`
		Replies  []id.TicketMessage `bson:"replies"   json:"replies"`
	}
	type plain struct {
		Visitor  int64           `bson:"_id"       json:"id"`
		Text     int64           `bson:"token"     json:"token,string"`
		Absent   int64           `bson:"ticket"    json:"ticket,omitempty"`
		Assignee *int64          `bson:"assignee"  json:"assignee"`
		Others   []int64         `bson:"others"    json:"others"`
		Counts   map[int64]int64 `bson:"-"         json:"counts"`
		Minimal  int64           `bson:",minsize"  json:"minimal"`
		Replies  []int64         `bson:"replies"   json:"replies"`
	}
	const large = 1<<53 - 1
	user, number := id.User(7), int64(7)
	a := typed{
		Visitor: large, Text: 3, Assignee: &user, Others: []id.Message{1, large}, Counts: map[id.User]int64{7: 1},
		Minimal: 5, Replies: []id.TicketMessage{},
	}
	b := plain{
		Visitor: large, Text: 3, Assignee: &number, Others: []int64{1, large}, Counts: map[int64]int64{7: 1},
		Minimal: 5, Replies: []int64{},
	}
	for name, encode := range map[string]func(any) ([]byte, error){"JSON": json.Marshal, "BSON": bson.Marshal} {
		got, err := encode(a)
		if err != nil {
			t.Fatal(name, err)
		}
		if want, err := encode(b); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, an int64 is %q (%v)", name, got, want, err)
		}
	}
	raw, _ := bson.Marshal(a)
	if typ := bson.Raw(raw).Lookup("ticket").Type; typ != bson.TypeInt64 {
		t.Errorf("BSON: a zero id has the type %s", typ)
	}
}
