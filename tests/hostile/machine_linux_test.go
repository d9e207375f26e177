package hostile_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

const (
	intruderEnv = "FIVECHAT_TEST_INTRUDER" // set in a child process that runs as another user
	victimEnv   = "FIVECHAT_TEST_VICTIM"   // set, to its data folder, in a child process that runs the system
	nobody      = 65534
)

// init turns a child process of TestOtherUsersCannotReachTheStores into the system or into the other user.
func init() {
	switch {
	case os.Getenv(victimEnv) != "":
		os.Exit(runVictim(os.Getenv(victimEnv)))
	case os.Getenv(intruderEnv) != "":
		runIntruder()
		os.Exit(0)
	}
}

// runVictim runs the system until the process gets a signal.
func runVictim(data string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := system.Start(ctx, system.Options{Data: data, Demo: true, Log: io.Discard})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(victimReady)
	<-ctx.Done()
	if err := s.Stop(context.WithoutCancel(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

const victimReady = "the system is ready"

// runIntruder tries all targets on standard input, and prints those that it reached.
func runIntruder() {
	in := bufio.NewScanner(os.Stdin)
	var all sync.WaitGroup
	var mu sync.Mutex
	for in.Scan() {
		kind, target, _ := strings.Cut(in.Text(), " ")
		all.Go(func() {
			for _, reached := range intrude(kind, target) {
				mu.Lock()
				fmt.Println(reached)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// intrude tries to use a file, a socket or a port, and returns what it reached.
func intrude(kind, target string) (reached []string) {
	if kind == "file" {
		for _, flag := range []int{os.O_RDONLY, os.O_WRONLY} {
			if f, err := os.OpenFile(target, flag, 0); err == nil {
				_ = f.Close()
				reached = append(reached, "file "+target)
			}
		}
		if info, err := os.Stat(target); err == nil && info.Mode().Type() == fs.ModeSocket {
			if c, err := net.Dial("unix", target); err == nil {
				_ = c.Close()
				reached = append(reached, "socket "+target)
			}
		}
		return reached
	}
	if c, err := net.DialTimeout("tcp", target, time.Second); err == nil {
		_ = c.SetDeadline(time.Now().Add(2 * time.Second))
		answer := make([]byte, 5)
		_, err = c.Write([]byte("*1\r\n$4\r\nPING\r\n"))
		if err == nil {
			_, err = io.ReadFull(c, answer)
		}
		if err == nil && string(answer) == "+PONG" {
			reached = append(reached, "Redis at "+target)
		}
		_ = c.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	address := "mongodb://" + target + "/?directConnection=true"
	client, err := mongo.Connect(options.Client().ApplyURI(address).SetServerSelectionTimeout(2 * time.Second))
	if err == nil {
		if _, err := client.ListDatabaseNames(ctx, bson.D{}); err == nil {
			reached = append(reached, "MongoDB at "+target)
		}
		_ = client.Disconnect(ctx)
	}
	return reached
}

// TestOtherUsersCannotReachTheStores: another user of the machine tries every file and every socket in the data folder,
// which was accessible to all users before, and every port on which the system, in its own process, listens. It reads
// nothing from the stores.
func TestOtherUsersCannotReachTheStores(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skipf("becoming another user needs root; this is user %d", os.Geteuid())
	}
	open, err := os.MkdirTemp("", "fc-machine-")
	if err == nil {
		err = os.Chmod(open, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(open) })
	data := filepath.Join(open, "data")
	if err := os.Mkdir(data, 0o777); err != nil {
		t.Fatal(err)
	}
	victim := startVictim(t, data)

	var targets bytes.Buffer
	var sockets []string
	err = filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		fmt.Fprintln(&targets, "file", path)
		if err == nil && e.Type() == fs.ModeSocket {
			sockets = append(sockets, e.Name())
		}
		return err
	})
	if err != nil || len(sockets) != 2 {
		t.Fatalf("the stores' sockets in the data folder are %v, %v", sockets, err)
	}
	ports := listening(t, victim.PID)
	if len(ports) < 9 { // the gateway, its operator's listener and the services
		t.Fatalf("the system listens on %v only", ports)
	}
	fmt.Fprintln(&targets, strings.Join(ports, "\n"))
	reached := asNobody(t, open, &targets)
	if reached != "" {
		t.Errorf("another user of the machine reached\n%s", reached)
	}
	for path, want := range map[string]fs.FileMode{
		"": 0o700, "demo.json": 0o600, "secrets.json": 0o600,
		"mongodb.sock": 0o600, "redis.sock": 0o600,
	} {
		if info, err := os.Stat(filepath.Join(data, path)); err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != want {
			t.Errorf("data/%s has the mode %v, want %v", path, info.Mode().Perm(), want)
		}
	}
}

// startVictim runs the system in its own process until the test ends. So the stores that other tests of this process
// serve on TCP aren't counted as its own.
func startVictim(t *testing.T, data string) *process.Process {
	t.Helper()
	c := exec.Command("/proc/self/exe") //nolint:noctx // ended by a signal, not killed
	c.Env = append(os.Environ(), victimEnv+"="+data)
	p, err := process.Launch(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	err = p.Until(t.Context(), "the system is ready", func() error {
		if !strings.Contains(p.Log.String(), victimReady) {
			return errors.New("it isn't ready yet")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// asNobody runs this program as another user, which tries the targets, and returns what it reached.
func asNobody(t *testing.T, dir string, targets io.Reader) string {
	t.Helper()
	program, err := os.ReadFile("/proc/self/exe")
	copied := filepath.Join(dir, "intruder")
	if err == nil {
		err = os.WriteFile(copied, program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), copied)
	c.Dir, c.Env, c.Stdin = "/", []string{intruderEnv + "=1"}, targets
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// listening returns the loopback addresses on which a process listens.
func listening(t *testing.T, pid int) (ports []string) {
	t.Helper()
	mine := map[string]bool{}
	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		to, _ := os.Readlink(fd)
		mine[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
	}
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		t.Fatal(err)
	}
	const isListening = "0A"
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line) // 1: address in hexadecimal, 3: state, 9: inode
		if len(f) < 10 || f[3] != isListening || !mine[f[9]] {
			continue
		}
		var port int
		if _, err := fmt.Sscanf(f[1], "0100007F:%X", &port); err == nil {
			ports = append(ports, fmt.Sprintf("port 127.0.0.1:%d", port))
		}
	}
	return ports
}

// TestErasedTextLeavesEveryFile checks that a visitor's messages and name disappear from every file of the data folder
// after their erasure, including those of webhook deliveries.
func TestErasedTextLeavesEveryFile(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s, err := system.Start(t.Context(), system.Options{Data: data, Log: io.Discard, PurgeAfter: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.WithoutCancel(t.Context())) })
	sys := harness.System{URL: s.URL(), OperatorURL: s.OperatorURL(), OperatorKey: s.OperatorKey()}
	w := sys.Website(t, harness.Pro)
	w.NewWebhook(t, "https://receiver.invalid/", "*")
	mark := harness.Unique("zanzibar")
	visitor := w.Visit(t, harness.Map{"name": mark, "context": harness.Map{"cart": mark}})
	conversation := visitor.Open(t, mark)
	visitor.Say(t, conversation, "again "+mark)
	w.Reply(t, conversation, "answer "+mark)
	visitor.With("Idempotency-Key", mark[:8]).Send(t, 201, "POST", "/internal/visitors/tickets",
		harness.Map{"title": mark, "email": mark + "@mail.example"})
	stays := w.Visit(t, harness.Map{"name": "other" + mark[8:]})
	harness.Eventually(t, 10*time.Second, "the text is in a file", func() (bool, any) {
		return len(filesWith(t, data, mark)) > 0, nil
	})
	w.Operator().Do(t, "DELETE", fmt.Sprintf("/operator/websites/%d/visitors/%s", w.ID, visitor.Token), nil).Want(t, 202)
	harness.Eventually(t, 90*time.Second, "no file has the text", func() (bool, any) {
		left := filesWith(t, data, mark)
		return len(left) == 0, left
	})
	if len(filesWith(t, data, "other"+mark[8:])) == 0 || stays.Token == "" {
		t.Error("another visitor's name has disappeared too")
	}
}

// filesWith returns the files below a folder that contain a text.
func filesWith(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return ignoreMissing(err)
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			found = append(found, filepath.Base(path))
		}
		return ignoreMissing(err)
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// ignoreMissing drops the error of a file that was removed meanwhile.
func ignoreMissing(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
