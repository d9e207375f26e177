package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
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

// serve runs the store in dir by itself and gives its URI with user and password.
func serve(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	c := exec.Command(binary, "store", "serve", "--listen", "127.0.0.1:0", "--data", dir)
	c.Env = append(os.Environ(), "FIVECHAT_STORE_PASSWORD=p@ss/word")
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
	return c, strings.Replace(line.Text(), "mongodb://", "mongodb://fivechat:"+url.QueryEscape("p@ss/word")+"@", 1)
}

func TestStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/store"
	if out, err := fivechat(t, ".", "store", "check", dir); err == nil || !strings.HasPrefix(out, "fivechat: ") {
		t.Errorf("no such folder: %v %s", err, out)
	}
	if out, err := fivechat(t, ".", "store", "check", t.TempDir()); err == nil ||
		!strings.Contains(out, "there is no database in") {
		t.Errorf("an empty folder: %v %s", err, out)
	}
	server, uri := serve(t, dir)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	coll := client.Database("shop").Collection("books")
	index := mongo.IndexModel{Keys: bson.D{{Key: "tags", Value: 1}}}
	if _, err = coll.Indexes().CreateOne(t.Context(), index); err == nil {
		_, err = coll.InsertOne(t.Context(), bson.M{"_id": "atlas", "tags": bson.A{"maps", "world"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"store", "check", dir},
		{"store", "serve", "--listen", "127.0.0.1:0", "--data", dir},
	} {
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

// ask sends a Redis command and reads an answer of so many bytes.
func askRedis(t *testing.T, conn net.Conn, command string, length int) string {
	t.Helper()
	answer := make([]byte, length)
	_, err := conn.Write([]byte(command + "\r\n"))
	if err == nil {
		_, err = io.ReadFull(conn, answer)
	}
	if err != nil {
		t.Fatalf("%s: %q %v", command, answer, err)
	}
	return string(answer)
}

// TestStoreAsksForAPassword: on TCP a store and the stand-in for Redis generate a password once, keep it from other
// users, and refuse clients without it.
func TestStoreAsksForAPassword(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var before string
	for range 2 {
		c := exec.Command(binary, "store", "serve", "--listen", "127.0.0.1:0", "--redis", "127.0.0.1:0", "--data", dir)
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
			t.Fatalf("it printed %q", line.Text())
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(line.Text(), "redis://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if !line.Scan() || !strings.HasPrefix(line.Text(), "mongodb://") {
			t.Errorf("then it printed %q", line.Text())
		}
		uri := line.Text()
		b, err := os.ReadFile(filepath.Join(dir, "store-password"))
		password := strings.TrimSpace(string(b))
		if err != nil || len(password) < 26 || before != "" && before != password {
			t.Fatalf("the password %q, before %q: %v", password, before, err)
		}
		before = password
		if got := askRedis(t, conn, "*1\r\n$4\r\nPING", 7); got != "-NOAUTH" {
			t.Errorf("PING without a password: %q", got)
		}
		_, _ = conn.Read(make([]byte, 100)) // the rest of the refusal
		auth := fmt.Sprintf("*2\r\n$4\r\nAUTH\r\n$%d\r\n%s", len(password), password)
		if got := askRedis(t, conn, auth, 5); got != "+OK\r\n" {
			t.Errorf("AUTH: %q", got)
		}
		if got := askRedis(t, conn, "*1\r\n$4\r\nPING", 7); got != "+PONG\r\n" {
			t.Errorf("PING: %q", got)
		}
		for credentials, want := range map[string]bool{
			"fivechat:" + password + "@": true,
			"fivechat:wrong@":            false,
			"":                           false,
		} {
			with := strings.Replace(uri, "mongodb://", "mongodb://"+credentials, 1)
			client, err := mongo.Connect(options.Client().ApplyURI(with))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = client.Database("shop").ListCollectionNames(t.Context(), bson.D{}); (err == nil) != want {
				t.Errorf("with %q: %v", credentials, err)
			}
			_ = client.Disconnect(t.Context())
		}
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "store-password"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, want)
		}
	}
}

// TestStoreServesWithoutAPassword: only with --insecure, or if other users can't connect.
func TestStoreServesWithoutAPassword(t *testing.T) {
	t.Parallel()
	sockets, err := os.MkdirTemp("", "fc-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	for name, flags := range map[string][]string{
		"insecure": {"--listen", "127.0.0.1:0", "--insecure"}, "socket": {"--listen", filepath.Join(sockets, "m.sock")},
	} {
		c := exec.Command(binary, append([]string{"store", "serve", "--data", t.TempDir()}, flags...)...)
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
			t.Fatalf("%s: it ended", name)
		}
		client, err := mongo.Connect(options.Client().ApplyURI(line.Text()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = client.Database("shop").ListCollectionNames(t.Context(), bson.D{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = client.Disconnect(t.Context())
	}
	c := exec.CommandContext(t.Context(), binary, "store", "serve", "--insecure", "--data", t.TempDir())
	c.Env = append(os.Environ(), "FIVECHAT_STORE_PASSWORD=x")
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "exclude each other") {
		t.Errorf("--insecure with a password: %v %s", err, out)
	}
}

// TestRestore: a copy of a stopped system's folder is sound; a system over it has the same data and continues.
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
