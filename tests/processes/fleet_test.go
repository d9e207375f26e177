package processes_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/tests/harness"
)

// services are the components beside the gateway.
var services = []string{"accounts", "conversations", "statistics", "tickets", "visitors", "webhooks", "widgets"}

const gateway = "api-gateway"

// The bounds of starting and of ending.
const (
	startBound = 30 * time.Second
	stopBound  = 40 * time.Second // a stop may wait 25 s for requests under way
)

// build makes the binaries in a folder of the test's and gives the folder.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range append([]string{gateway}, services...) {
		pkg := "fivechat.dev/services/" + name + "/cmd"
		if name == gateway {
			pkg = "fivechat.dev/api-gateway/cmd"
		}
		c := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, name), pkg)
		c.Dir = harness.Root(t)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("build of %s: %v\n%s", name, err, out)
		}
	}
	return dir
}

// stores gives the environment of an embedded store and Redis, or of those that the environment names, and the embedded
// Redis, where it is that.
func stores(t *testing.T) (map[string]string, *miniredis.Miniredis) {
	t.Helper()
	env := map[string]string{"MONGODB_URI": os.Getenv("MONGODB_URI"), "REDIS_URL": os.Getenv("REDIS_URL")}
	if env["MONGODB_URI"] == "" {
		m, err := embedmongo.Start(context.Background(), embedmongo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close() })
		env["MONGODB_URI"] = m.URI()
	}
	env["MONGODB_DATABASE"] = harness.Unique("fivechat_test_")
	if env["REDIS_URL"] == "" {
		redis := miniredis.RunT(t)
		env["REDIS_URL"] = "redis://" + redis.Addr()
		return env, redis
	}
	return env, nil
}

// process is a component that runs as a process of its own.
type process struct {
	name, addr, admin string
	env               map[string]string
	cmd               *exec.Cmd
	log               *buffer
	ended             chan struct{} // closed when it has ended; err is its end
	err               error
}

// buffer is the end of a process's log.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write takes a piece of the log.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.b.Len() > 1<<20 {
		b.b.Reset()
	}
	return b.b.Write(p)
}

// String is what was taken.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs a binary with nothing in its environment but env.
func start(t *testing.T, binary string, env map[string]string) *process {
	t.Helper()
	p := &process{name: filepath.Base(binary), addr: env["FIVECHAT_ADDR"], admin: env["FIVECHAT_ADMIN_ADDR"], env: env, log: new(buffer), ended: make(chan struct{})}
	p.cmd = exec.Command(binary)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.Env = []string{"HOME=" + t.TempDir()}
	for k, v := range env {
		p.cmd.Env = append(p.cmd.Env, k+"="+v)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		select {
		case <-p.ended:
		default:
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", p.name, p.log)
		}
	})
	return p
}

// again kills a process and starts it anew.
func (p *process) again(t *testing.T) *process {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Errorf("%s: %v", p.name, err)
	}
	<-p.ended
	return start(t, p.cmd.Path, p.env)
}

// exitCode waits for the end.
func (p *process) exitCode(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(stopBound):
		t.Errorf("%s has not ended after %v", p.name, stopBound)
		return -1
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		t.Errorf("%s: %v", p.name, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// terminate asks a process to end and wants it to end well.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("%s: %v", p.name, err)
	}
	if code := p.exitCode(t); code != 0 {
		t.Errorf("%s ended with %d after SIGTERM", p.name, code)
	}
}

// get asks the admin port.
func (p *process) get(t *testing.T, path string) (int, string) {
	t.Helper()
	c := http.Client{Timeout: 5 * time.Second}
	resp, err := c.Get("http://" + p.admin + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	if err != nil {
		t.Errorf("%s%s: %v", p.name, path, err)
	}
	return resp.StatusCode, b.String()
}

// fleet is the whole system in processes of their own.
type fleet struct {
	harness.System
	gateway  *process
	services []*process
	binaries string
	env      map[string]string    // what all have in common
	redis    *miniredis.Miniredis // nil where it is another's
}

// launch starts the seven on free ports and waits until all are ready.
func launch(t *testing.T, binaries string) *fleet {
	t.Helper()
	addrs := harness.FreeAddrs(t, 2*len(services)+3)
	env, redis := stores(t)
	env["FIVECHAT_ASSERTION_KEYS"] = rand.Text() + rand.Text()
	quotas, err := harness.GenerousQuotas(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	env["FIVECHAT_QUOTAS"] = quotas
	env["FIVECHAT_WEBHOOKS_ALLOW"], env["FIVECHAT_WEBHOOKS_HTTP"] = "127.0.0.0/8", "true"
	for i, name := range services {
		env["FIVECHAT_"+strings.ToUpper(name)+"_URL"] = "http://" + addrs[2*i]
	}
	f := &fleet{binaries: binaries, env: env, redis: redis}
	for i, name := range services {
		f.services = append(f.services, f.run(t, name, map[string]string{"FIVECHAT_ADDR": addrs[2*i], "FIVECHAT_ADMIN_ADDR": addrs[2*i+1]}))
	}
	last := addrs[2*len(services):]
	key := rand.Text()
	f.gateway = f.run(t, gateway, map[string]string{
		"FIVECHAT_ADDR": last[0], "FIVECHAT_ADMIN_ADDR": last[1], "FIVECHAT_OPERATOR_ADDR": last[2], "FIVECHAT_OPERATOR_KEY": key})
	f.System = harness.System{URL: "http://" + last[0], OperatorURL: "http://" + last[2], OperatorKey: key}
	ready(t, f.all()...)
	return f
}

// run starts a binary with what all have in common and more.
func (f *fleet) run(t *testing.T, name string, more map[string]string) *process {
	t.Helper()
	env := maps.Clone(f.env)
	maps.Copy(env, more)
	return start(t, filepath.Join(f.binaries, name), env)
}

// ready waits until processes answer.
func ready(t *testing.T, ps ...*process) {
	t.Helper()
	for _, p := range ps {
		harness.Eventually(t, startBound, p.name+" is ready", func() (bool, any) {
			select {
			case <-p.ended:
				t.Fatalf("%s ended: %v\n%s", p.name, p.err, p.log)
			default:
			}
			status, body := p.get(t, "/readyz")
			return status == 200, fmt.Sprint(status, " ", body)
		})
	}
}

// replica starts a second edge before a second replica of the conversations service, and gives where they answer.
func (f *fleet) replica(t *testing.T) (harness.System, []*process) {
	t.Helper()
	addrs := harness.FreeAddrs(t, 5)
	conversations := f.run(t, "conversations", map[string]string{"FIVECHAT_ADDR": addrs[0], "FIVECHAT_ADMIN_ADDR": addrs[1]})
	edge := f.run(t, gateway, map[string]string{
		"FIVECHAT_ADDR": addrs[2], "FIVECHAT_ADMIN_ADDR": addrs[3], "FIVECHAT_CONVERSATIONS_URL": "http://" + addrs[0]})
	ready(t, conversations, edge)
	return harness.System{URL: "http://" + addrs[2]}, []*process{edge, conversations}
}

func (f *fleet) all() []*process { return append([]*process{f.gateway}, f.services...) }
