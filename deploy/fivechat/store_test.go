package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// serve runs the store in dir by itself and gives its URI.
func serve(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	c := exec.Command(binary, "store", "serve", "--listen", "127.0.0.1:0", "--data", dir)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	line := bufio.NewScanner(out)
	if !line.Scan() {
		t.Fatal("it ended before it said its URI")
	}
	return c, line.Text()
}

func TestStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/store"
	if out, err := fivechat(t, ".", "store", "check", dir); err == nil || !strings.HasPrefix(out, "fivechat: ") {
		t.Errorf("no such folder: %v %s", err, out)
	}
	if out, err := fivechat(t, ".", "store", "check", t.TempDir()); err == nil || !strings.Contains(out, "there is no database in") {
		t.Errorf("an empty folder: %v %s", err, out)
	}
	server, uri := serve(t, dir)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	coll := client.Database("shop").Collection("books")
	if _, err = coll.Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "tags", Value: 1}}}); err == nil {
		_, err = coll.InsertOne(t.Context(), bson.M{"_id": "atlas", "tags": bson.A{"maps", "world"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"store", "check", dir}, {"store", "serve", "--listen", "127.0.0.1:0", "--data", dir}} {
		if out, err := fivechat(t, ".", args...); err == nil || !strings.Contains(out, "in use by another process") {
			t.Errorf("%v beside the server: %v %s", args, err, out)
		}
	}
	if err := client.Disconnect(context.Background()); err != nil {
		t.Error(err)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	if out := must(t, ".", "store", "check", dir); out != "1 collections, 1 documents, 1 indexes with 2 entries" {
		t.Errorf("check: %s", out)
	}
}

// TestStoreWithRedis: beside the store, a stand-in for Redis answers where it was asked for.
func TestStoreWithRedis(t *testing.T) {
	t.Parallel()
	c := exec.Command(binary, "store", "serve", "--listen", "127.0.0.1:0", "--redis", "127.0.0.1:0", "--data", t.TempDir())
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	line := bufio.NewScanner(out)
	if !line.Scan() || !strings.HasPrefix(line.Text(), "redis://") {
		t.Fatalf("it said %q", line.Text())
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(line.Text(), "redis://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer := make([]byte, 7)
	if _, err = conn.Write([]byte("*1\r\n$4\r\nPING\r\n")); err == nil {
		_, err = io.ReadFull(conn, answer)
	}
	if err != nil || string(answer) != "+PONG\r\n" {
		t.Errorf("PING: %q %v", answer, err)
	}
	if !line.Scan() || !strings.HasPrefix(line.Text(), "mongodb://") {
		t.Errorf("then it said %q", line.Text())
	}
}

// TestRestore: a copy of a stopped system's folder is sound, and a system over it has what was there, and goes on.
func TestRestore(t *testing.T) {
	t.Parallel()
	dir, backup := t.TempDir(), t.TempDir()
	r := start(t, dir)
	must(t, dir, "walk", "--url", r.demo.URL)
	must(t, dir, "user", "create", "--website", "1", "--name", "Eve", "--email", "eve@shop.example")
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if out := must(t, backup, "store", "check", filepath.Join("data", "store")); strings.Contains(out, "0 documents") {
		t.Errorf("the copy is empty: %s", out)
	}
	restored := start(t, backup)
	if code := restored.get(t, "/users", r.demo.Websites[0].Tokens["READ"], nil); code != 200 {
		t.Errorf("a token from before: %d", code)
	}
	if out := must(t, backup, "user", "list", "--website", "1"); !strings.Contains(out, "eve@shop.example") {
		t.Errorf("users: %s", out)
	}
	must(t, backup, "walk", "--url", restored.demo.URL)
}
