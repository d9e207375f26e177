package faults_test

import (
	"context"
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

// begins is how long a store may take until it answers.
const begins = 30 * time.Second

// diskBytes is the size of the store's disk, where it has one of its own: the reserve that the store keeps, and some more.
const diskBytes = 256 << 20

// town is a system whose stores are processes too, and all of whose lines can be spoiled.
type town struct {
	*cluster.Cluster
	lines *lines
	redis *cluster.Process // nil where there is no redis-server: miniredis stands in
	store *cluster.Process // nil where MONGODB_URI names another
	disk  string           // the store's disk as others see it; "" where it has none of its own
}

func newTown(t *testing.T) *town {
	t.Helper()
	tw := &town{lines: newLines(t)}
	tw.Cluster = cluster.LaunchLines(t, binaries, tw.startStores(t), tw.lines.line)
	return tw
}

// startStores starts those that the environment does not name, and gives what components are to be told of them.
func (tw *town) startStores(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{}
	if os.Getenv("REDIS_URL") == "" {
		env["REDIS_URL"] = tw.startRedis(t)
	}
	if os.Getenv("MONGODB_URI") == "" {
		env["MONGODB_URI"] = tw.startStore(t, filepath.Join(binaries, "fivechat"))
	}
	return env
}

// startRedis gives the address of a Redis that forgets everything when it ends, "" where there is no redis-server.
func (tw *town) startRedis(t *testing.T) string {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Log("there is no redis-server here (Debian's package of that name): miniredis stands in, which does not end as a process")
		return ""
	}
	addr := harness.FreeAddrs(t, 1)[0]
	_, port, _ := net.SplitHostPort(addr)
	tw.redis = cluster.Start(t, binary, nil, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	answering(t, addr)
	return "redis://" + addr
}

// startStore gives the URI of an embedded store that is a process of its own and, where the system lets us make one, has a
// disk of its own.
func (tw *town) startStore(t *testing.T, binary string) string {
	addr, dir := harness.FreeAddrs(t, 1)[0], filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	serve := []string{"store", "serve", "--insecure", "--listen", addr, "--data", filepath.Join(dir, "store")}
	// The one who keeps the mount namespace outlives the store's end, and so does the disk.
	keeper := cluster.Start(t, "/bin/sh", nil, "-c",
		"unshare -Urm true || exit 1; exec unshare -Urm sh -c 'mount -t tmpfs -o size="+strconv.Itoa(diskBytes)+" tmpfs "+dir+" && echo mounted && exec sleep 1000000'")
	mounted := func() bool { return strings.Contains(keeper.Log.String(), "mounted") }
	harness.Eventually(t, begins, "a disk for the store, or word that there can be none", func() (bool, any) {
		select {
		case <-keeper.Ended:
			return true, nil
		default:
			return mounted(), keeper.Log
		}
	})
	if mounted() {
		pid := strconv.Itoa(keeper.PID)
		tw.disk = filepath.Join("/proc", pid, "root", dir)
		tw.store = cluster.Start(t, "/usr/bin/nsenter", nil, append([]string{"-t", pid, "-U", "--preserve-credentials", "-m", binary}, serve...)...)
	} else {
		t.Logf("no disk can be made for the store here, so that it does not become full: %s", keeper.Log)
		tw.store = cluster.Start(t, binary, nil, serve...)
	}
	answering(t, addr)
	var uri string
	harness.Eventually(t, begins, "the store says where it is", func() (bool, any) {
		for line := range strings.Lines(tw.store.Log.String()) {
			if strings.HasPrefix(line, "mongodb://") {
				uri = strings.TrimSpace(line)
			}
		}
		return uri != "", tw.store.Log
	})
	return uri
}

// answering waits until somebody listens.
func answering(t *testing.T, addr string) {
	t.Helper()
	harness.Eventually(t, begins, "somebody listens at "+addr, func() (bool, any) {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false, err
		}
		return c.Close() == nil, nil
	})
}

// fill leaves no room on the store's disk until the file that it writes is gone.
func (tw *town) fill(t *testing.T) (mend func()) {
	t.Helper()
	path := filepath.Join(tw.disk, "filler")
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

// elect has the store's primary step down: where the replica set has more members than one of them takes writes then, and
// else it does so again itself, after a while.
func (tw *town) elect(t *testing.T, after time.Duration) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(tw.Env["MONGODB_URI"]))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	down := bson.D{{Key: "replSetStepDown", Value: int(after.Seconds())}, {Key: "force", Value: true}}
	if err := client.Database("admin").RunCommand(t.Context(), down).Err(); err != nil && !mongo.IsNetworkError(err) {
		t.Error(err)
	}
}
