package k8s_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// seenWithin bounds the time until the cluster serves a change to a service's code. On two quiet cores it takes 14 s,
// which the report states; the bound only ends a test that would wait without end.
const seenWithin = 150 * time.Second

// TestSkaffold starts the system with skaffold from a folder of sources and changes one service there. The cluster soon
// serves the change, with the data stored before.
func TestSkaffold(t *testing.T) {
	sources := os.Getenv("FIVECHAT_K8S_SOURCES")
	if sources == "" {
		t.Skipf("FIVECHAT_K8S_SOURCES names no sources to change: make k8s-test")
	}
	c := clusterFromEnv(t)
	c.namespace, c.release = "fivechat-dev", "fivechat"
	r := &report{}
	r.step(t, "skaffold dev: a saved edit answers from the cluster", func(t *testing.T) string {
		return c.loop(t, sources)
	})
	r.add(t)
}

func (c cluster) loop(t *testing.T, sources string) string {
	begun := time.Now()
	dev := c.skaffold(t, sources, "dev", "--trigger=polling", "--watch-poll-interval=500", "--port-forward=off")
	harness.Eventually(t, commandTimeout, "all components are ready", func() (bool, any) {
		select {
		case <-dev.ended:
			t.Fatalf("skaffold ended: %s", dev)
		default:
		}
		return strings.Contains(dev.String(), "Watching for changes"), dev
	})
	up := time.Since(begun).Round(time.Second)
	s := c.system(t)
	w := s.Website(t, harness.Free)
	token := w.Visit(t, nil).Open(t, "Hello")
	refusal := func() string {
		a := w.Agent().Do(t, "POST", "/webhooks", harness.Map{"url": "http://shop.example", "events": []string{"*"}})
		return string(a.Body)
	}
	const before, after = "must begin with https://", "has to begin with https://"
	if said := refusal(); !strings.Contains(said, before) {
		t.Fatalf("before the change: %s", said)
	}
	file := filepath.Join(sources, "services", "webhooks", "webhook.go")
	code, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(code), before) {
		t.Fatalf("%s doesn't contain the text that this test changes: %v", file, err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(code), before, after)), 0o644); err != nil {
		t.Fatal(err)
	}
	saved := time.Now()
	harness.Eventually(t, seenWithin, "the change is served", func() (bool, any) {
		said := refusal()
		return strings.Contains(said, after), said
	})
	took := time.Since(saved)
	w.Reader().Get(t, "/conversations/"+token)
	return "up in " + up.String() + "; a saved edit answered after " + took.Round(100*time.Millisecond).String() +
		"; stored data is there"
}

// skaffold runs until the test ends, which removes its objects. Its output can be read meanwhile.
func (c cluster) skaffold(t *testing.T, sources string, args ...string) *said {
	t.Helper()
	args = append(args, "--default-repo="+c.images)
	for _, name := range c.context {
		args = append(args, "--kube-context="+name)
	}
	cmd := exec.Command(filepath.Join(c.programs, "skaffold"), args...)
	cmd.Dir = sources
	cmd.Env = append(os.Environ(), "PATH="+c.programs+":"+os.Getenv("PATH"), "SKAFFOLD_UPDATE_CHECK=false",
		"SKAFFOLD_INTERACTIVE=false")
	out := &said{ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // it ends by a signal, with an error
		close(out.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended by itself
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		select {
		case <-out.ended:
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			t.Error("skaffold did not remove its objects")
		}
		if t.Failed() {
			t.Log(out)
		}
	})
	return out
}
