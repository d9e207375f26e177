package sharding_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/tests/harness"
)

// scripts is the folder of the scripts under test.
func scripts(t *testing.T) string { return filepath.Join(harness.Root(t), "deploy", "mongodb") }

// committed reads the shard keys that the scripts use.
func committed(t *testing.T) (text []byte, keys map[string]bson.D) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(scripts(t), "collections.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := bson.UnmarshalExtJSON(text, false, &keys); err != nil {
		t.Fatal(err)
	}
	return text, keys
}

// TestScriptsUseTheDeclaredKeys checks that the scripts' shard keys equal those declared in code.
func TestScriptsUseTheDeclaredKeys(t *testing.T) {
	t.Parallel()
	_, written := committed(t)
	declared := keys(t)
	if len(written) != len(declared) || len(declared) < 40 {
		t.Errorf("the scripts have %d collections, and the code declares %d: make generate", len(written), len(declared))
	}
	for name, key := range declared {
		if fmt.Sprint(written[name]) != fmt.Sprint(key) {
			t.Errorf("%s has the key %v in the scripts, and is declared with %v: make generate", name, written[name], key)
		}
	}
}

// world is the state that simulated servers report.
type world struct {
	Set         string                     `json:"set,omitempty"`
	Collections []string                   `json:"collections,omitempty"`
	Sharded     map[string]json.RawMessage `json:"sharded,omitempty"`
}

// mongosh runs a script with simulated servers, and returns its commands.
func mongosh(t *testing.T, script string, w world, env ...string) (commands []string, err error) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skipf("there is no Node here, so no script is run: %v", err)
	}
	says, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), node, "mongosh.js", filepath.Join(scripts(t), script))
	c.Env = append(env, "WORLD="+string(says))
	out, err := c.Output()
	return strings.Split(strings.TrimSpace(string(out)), "\n"), err
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReplicaSet(t *testing.T) {
	t.Parallel()
	got, err := mongosh(t, "init-replica-set.js", world{}, "SET=fivechat", "MEMBERS=a:1,b:2,c:3")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got,
		`["initiate",{"_id":"fivechat","members":[{"_id":0,"host":"a:1"},{"_id":1,"host":"b:2"},{"_id":2,"host":"c:3"}]}]`)
	if got, err = mongosh(t, "init-replica-set.js", world{}, "SET=config", "MEMBERS=a:1", "CONFIG=true"); err != nil {
		t.Fatal(err)
	}
	same(t, got, `["initiate",{"_id":"config","members":[{"_id":0,"host":"a:1"}],"configsvr":true}]`)
	if got, err = mongosh(t, "init-replica-set.js", world{Set: "fivechat"}, "SET=fivechat", "MEMBERS=a:1"); err != nil {
		t.Fatal(err)
	}
	same(t, got, "")
	for name, env := range map[string][]string{
		"another set exists": {"SET=shard1", "MEMBERS=a:1"}, "no members": {"SET=fivechat"},
		"two members": {"SET=fivechat", "MEMBERS=a:1,b:2"},
	} {
		if got, err := mongosh(t, "init-replica-set.js", world{Set: "fivechat"}, env...); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// prepared is a database whose collections have their indexes.
func prepared(t *testing.T) (w world, keys map[string]json.RawMessage) {
	t.Helper()
	text, _ := committed(t)
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	w.Collections = slices.Sorted(maps.Keys(keys))
	return w, keys
}

func TestSharding(t *testing.T) {
	t.Parallel()
	w, keys := prepared(t)
	want := []string{`["enableSharding","chat"]`}
	for _, name := range w.Collections {
		key := strings.ReplaceAll(string(keys[name]), " ", "")
		switch {
		case key == "null":
			want = append(want, fmt.Sprintf(`["print","%s is not sharded"]`, name))
			continue
		case strings.Contains(key, "hashed"):
			want = append(want, fmt.Sprintf(`["createIndex","chat.%s",%s]`, name, key))
		}
		want = append(want, fmt.Sprintf(`["shardCollection","chat.%s",%s]`, name, key))
	}
	got, err := mongosh(t, "shard.js", w, "DATABASE=chat")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want...)

	w.Sharded = map[string]json.RawMessage{}
	for name, key := range keys {
		if string(key) != "null" {
			w.Sharded["fivechat."+name] = key
		}
	}
	again, err := mongosh(t, "shard.js", w)
	if err != nil || strings.Contains(strings.Join(again, "\n"), "shardCollection") {
		t.Errorf("a sharded collection is sharded again: %v %v", again, err)
	}
	w.Sharded["fivechat.conversations_messages"] = json.RawMessage(`{"websiteId":1}`)
	if got, err := mongosh(t, "shard.js", w); err == nil {
		t.Errorf("a wrong key is accepted: %v", got)
	}
	if got, err := mongosh(t, "shard.js", world{}); err == nil {
		t.Errorf("collections without indexes are sharded: %v", got)
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	got, err := mongosh(t, "zone.js", world{}, "WEBSITE=17", "ZONE=large")
	if err != nil {
		t.Fatal(err)
	}
	message := `["updateZoneKeyRange","fivechat.conversations_messages",{"websiteId":"Long ` +
		`17","conversationId":"MinKey"},{"websiteId":"Long 18","conversationId":"MinKey"},"large"]`
	if !slices.Contains(got, message) {
		t.Errorf("%s is not among\n%s", message, strings.Join(got, "\n"))
	}
	_, keys := committed(t)
	n := 0
	for _, key := range keys {
		if len(key) > 0 && key[0].Key == "websiteId" {
			n++
		}
	}
	if len(got) != n {
		t.Errorf("%d ranges of %d collections", len(got), n)
	}
	if got, err = mongosh(t, "zone.js", world{}, "WEBSITE=17", "ZONE=large", "OFF=true"); err != nil || len(got) != n ||
		!strings.HasPrefix(got[0], `["removeRangeFromZone"`) {
		t.Errorf("%v %v", got, err)
	}
	for _, env := range [][]string{{"ZONE=large"}, {"WEBSITE=17"}, {"WEBSITE=0", "ZONE=x"}, {"WEBSITE=x", "ZONE=x"}} {
		if got, err := mongosh(t, "zone.js", world{}, env...); err == nil {
			t.Errorf("%v: %v", env, got)
		}
	}
}
