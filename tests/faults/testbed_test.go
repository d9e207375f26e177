package faults_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// begins bounds how long a store may take to respond.
const begins = 30 * time.Second

// diskBytes is the size of the store's own disk, if it has one: the reserve that the store keeps, and a little more.
const diskBytes = 256 << 20

// testbed is a system whose stores are processes too, with a proxy on every connection.
type testbed struct {
	*cluster.Cluster
	lines *lines
	redis *cluster.Process // nil without a redis-server: miniredis is used instead
	store *cluster.Process // nil if MONGODB_URI names another
	disk  string           // the store's disk as seen from outside; "" without a disk of its own
}

func newTestbed(t *testing.T) *testbed {
	t.Helper()
	tb := &testbed{lines: newLines(t)}
	tb.Cluster = cluster.LaunchLines(t, binaries, tb.startStores(t), tb.lines.line)
	return tb
}

// startStores starts the stores that the environment does not name, and returns the components' environment.
func (tb *testbed) startStores(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{}
	if os.Getenv("REDIS_URL") == "" {
		env["REDIS_URL"] = tb.startRedis(t)
	}
	if os.Getenv("MONGODB_URI") == "" {
		env["MONGODB_URI"] = tb.startStore(t, filepath.Join(binaries, "fivechat"))
	}
	return env
}

// startRedis returns the address of a Redis without persistence, or "" if there is no redis-server.
func (tb *testbed) startRedis(t *testing.T) string {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Log("there is no redis-server (Debian package redis-server): " +
			"miniredis is used instead, which is no process that can be killed")
		return ""
	}
	addr := harness.FreeAddrs(t, 1)[0]
	_, port, _ := net.SplitHostPort(addr)
	tb.redis = cluster.Start(t, binary, nil, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no",
		"--dir", t.TempDir())
	answering(t, addr)
	return "redis://" + addr
}

// startStore returns the URI of an embedded store in its own process, with a disk of its own if the system permits one.
func (tb *testbed) startStore(t *testing.T, binary string) string {
	addr, dir := harness.FreeAddrs(t, 1)[0], filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	serve := []string{"store", "serve", "--insecure", "--listen", addr, "--data", filepath.Join(dir, "store")}
	// The process that keeps the mount namespace outlives the store, and so does the disk.
	mount := fmt.Sprintf("mount -t tmpfs -o size=%d tmpfs %s && echo mounted && exec sleep 1000000", diskBytes, dir)
	keeper := cluster.Start(t, "/bin/sh", nil, "-c",
		"unshare -Urm true || exit 1; exec unshare -Urm sh -c '"+mount+"'")
	mounted := func() bool { return strings.Contains(keeper.Log.String(), "mounted") }
	harness.Eventually(t, begins, "a disk for the store, or an error", func() (bool, any) {
		select {
		case <-keeper.Ended:
			return true, nil
		default:
			return mounted(), keeper.Log
		}
	})
	if mounted() {
		pid := strconv.Itoa(keeper.PID)
		tb.disk = filepath.Join("/proc", pid, "root", dir)
		tb.store = cluster.Start(t, "/usr/bin/nsenter", nil,
			append([]string{"-t", pid, "-U", "--preserve-credentials", "-m", binary}, serve...)...)
	} else {
		t.Logf("the store has no disk of its own, so the test doesn't fill it: %s", keeper.Log)
		tb.store = cluster.Start(t, binary, nil, serve...)
	}
	answering(t, addr)
	var uri string
	harness.Eventually(t, begins, "the store logs its address", func() (bool, any) {
		for line := range strings.Lines(tb.store.Log.String()) {
			if strings.HasPrefix(line, "mongodb://") {
				uri = strings.TrimSpace(line)
			}
		}
		return uri != "", tb.store.Log
	})
	return uri
}

// answering waits until a process listens.
func answering(t *testing.T, addr string) {
	t.Helper()
	harness.Eventually(t, begins, "a process listens at "+addr, func() (bool, any) {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false, err
		}
		return c.Close() == nil, nil
	})
}

// fillDisk leaves no room on the store's disk until repair removes the file.
func (tb *testbed) fillDisk(t *testing.T) (repair func()) {
	t.Helper()
	path := filepath.Join(tb.disk, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for piece := make([]byte, 1<<20); err == nil; {
		_, err = f.Write(piece)
	}
	if !strings.Contains(err.Error(), "no space") {
		t.Error(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// stepDown makes the store's primary step down. If the replica set has more members, one of them becomes the primary;
// otherwise it becomes the primary again after a while.
func (tb *testbed) stepDown(t *testing.T, after time.Duration) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(tb.Env["MONGODB_URI"]))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	down := bson.D{{Key: "replSetStepDown", Value: int(after.Seconds())}, {Key: "force", Value: true}}
	if err := client.Database("admin").RunCommand(t.Context(), down).Err(); err != nil && !mongo.IsNetworkError(err) {
		t.Error(err)
	}
}
