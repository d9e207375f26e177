package operator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// installation is the whole system in its own process, with a store that outlives it.
type installation struct {
	binary, dir, uri string
	cmd              *exec.Cmd
}

func install(t *testing.T) (*installation, *mongo.Database) {
	t.Helper()
	m, err := embedmongo.Start(context.Background(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	client, err := mongo.Connect(options.Client().ApplyURI(m.URI()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	binaries, err := process.Build(t.Context(), map[string]string{"fivechat": process.Fivechat})
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{binary: filepath.Join(binaries, "fivechat"), dir: t.TempDir(), uri: m.URI()}
	return i, client.Database("fivechat")
}

// start runs the system until kill, and returns its addresses.
func (i *installation) start(t *testing.T) harness.System {
	t.Helper()
	i.cmd = exec.Command(i.binary, "run", "--listen", "127.0.0.1:0", "--data", i.dir)
	i.cmd.Env = append(os.Environ(), "MONGODB_URI="+i.uri, "REDIS_URL=", "FIVECHAT_WEBHOOKS_ALLOW=127.0.0.0/8",
		"FIVECHAT_WEBHOOKS_HTTP=true")
	out, err := i.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := i.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.cmd.Process.Kill() })
	var said bytes.Buffer
	for b := make([]byte, 4096); !strings.Contains(said.String(), "Stop with Ctrl-C."); {
		n, err := out.Read(b)
		said.Write(b[:n])
		if err != nil {
			t.Fatalf("the process ended: %v\n%s", err, said.String())
		}
	}
	var at struct{ URL, Key string }
	text, err := os.ReadFile(filepath.Join(i.dir, "operator.json"))
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	if err != nil {
		t.Fatal(err)
	}
	url, _, _ := strings.Cut(strings.TrimPrefix(said.String(), "Fivechat answers at "), "\n")
	return harness.System{URL: url, OperatorURL: at.URL, OperatorKey: at.Key}
}

// kill kills the process.
func (i *installation) kill(t *testing.T) {
	t.Helper()
	if err := i.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = i.cmd.Wait() // it was killed
}

// TestErasureSurvivesKill kills the system in the middle of an erasure. After a restart the erasure completes.
func TestErasureSurvivesKill(t *testing.T) {
	t.Parallel()
	i, db := install(t)
	s := i.start(t)
	w, other := s.World(t, harness.Pro), s.World(t, harness.Pro)
	var rows []harness.Map
	for n := range 200 {
		rows = append(rows, harness.Row(fmt.Sprint("row/", n), strings.Fields(strings.Repeat("hello there ", 15))...))
	}
	w.Agent().Send(t, 200, "POST", "/conversations/import", harness.Map{"rows": rows})
	settledIn(t, db, other, 1, 2, 2)
	before := rowsOf(t, db, other.ID)
	messages := func() int64 {
		n, err := db.Collection("conversations_messages").CountDocuments(t.Context(), bson.D{{Key: "websiteId", Value: w.ID}})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := messages()
	e := s.Operator().Send(t, 202, "DELETE", fmt.Sprintf("/operator/websites/%d", w.ID), nil)
	for messages() == all { // until some are erased
	}
	i.kill(t)
	if n := messages(); n == 0 {
		t.Fatalf("killed too late: none of %d messages is left", all)
	}
	s = i.start(t)
	harness.Eventually(t, time.Minute, "the erasure", func() (bool, any) {
		got := s.Operator().Get(t, fmt.Sprintf("/operator/erasures/%d", e.Int("id")))
		return !got.Null("sweptAt"), got
	})
	for collection, rows := range rowsOf(t, db, w.ID) {
		if collection != "accounts_erasures" && collection != "accounts_audit" {
			t.Errorf("%s still has %d rows, like %s", collection, len(rows), rows[0])
		}
	}
	unchanged(t, before, rowsOf(t, db, other.ID))
}
