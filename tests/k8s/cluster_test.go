package k8s_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// The release under test, and its namespace, which enforces the Pod Security level "restricted".
const (
	release   = "chat"
	namespace = "fivechat-test"
	prefix    = release + "-fivechat-" // of its objects' names
)

var components = []string{
	"accounts", "conversations", "files", "gateway", "mail", "statistics", "tickets", "visitors",
	"webhooks", "widgets", "workspace",
}

// cluster runs kubectl and helm against the cluster under test.
type cluster struct {
	programs string   // the folder of kubectl and helm; "" looks them up
	context  []string // --context, if one is named
	chart    string
	images   string // registry and prefix

	namespace, release string
}

// clusterFromEnv returns the cluster that the environment names. Without one the test is skipped.
func clusterFromEnv(t *testing.T) cluster {
	t.Helper()
	c := cluster{
		programs: os.Getenv("FIVECHAT_K8S_PROGRAMS"), images: os.Getenv("FIVECHAT_K8S_IMAGES"),
		chart:     filepath.Join(harness.Root(t), "charts", "fivechat"),
		namespace: namespace, release: release,
	}
	if c.images == "" {
		t.Skipf("FIVECHAT_K8S_IMAGES names no images: make k8s-test")
	}
	if name := os.Getenv("KUBECONTEXT"); name != "" {
		c.context = []string{name}
	}
	return c
}

// run runs a program and returns its output.
func (c cluster) run(ctx context.Context, stdin, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(c.programs, program), args...)
	if c.programs == "" {
		cmd = exec.CommandContext(ctx, program, args...)
	}
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}

// commandTimeout bounds every run of a program: a roll-out of eight components on a small machine is the longest.
const commandTimeout = 6 * time.Minute

func (c cluster) try(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	return c.run(ctx, "", program, c.at(program, args)...)
}

func (c cluster) at(program string, args []string) []string {
	at := []string{"--namespace", c.namespace}
	for _, name := range c.context {
		at = append(at, map[string]string{"kubectl": "--context", "helm": "--kube-context"}[program], name)
	}
	return append(args, at...)
}

func (c cluster) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.try(t, "kubectl", args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (c cluster) helm(t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.try(t, "helm", args...)
	if err != nil {
		t.Fatalf("helm %s: %v\n%s\n%s", strings.Join(args, " "), err, out, c.diagnose(t))
	}
	return out
}

// apply creates the objects of a manifest.
func (c cluster) apply(t *testing.T, manifest string, more ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return c.run(ctx, manifest, "kubectl", c.at("kubectl", append([]string{"apply", "--filename", "-"}, more...))...)
}

// diagnose returns the information to look at first after a failure.
func (c cluster) diagnose(t *testing.T) string {
	pods, _ := c.try(t, "kubectl", "get", "pods", "--output", "wide")
	events, _ := c.try(t, "kubectl", "get", "events", "--field-selector", "type!=Normal", "--sort-by", ".lastTimestamp")
	return pods + "\n" + events
}

// pod contains the used members of a pod.
type pod struct {
	Metadata struct {
		Name              string
		DeletionTimestamp *time.Time
	}
	Status struct {
		Phase             string
		Conditions        []struct{ Type, Status string }
		ContainerStatuses []struct {
			State, LastState struct{ Terminated *ended }
		}
	}
}

// ended is how a container ended.
type ended struct {
	ExitCode int
	Reason   string
}

// ready reports whether the pod accepts requests.
func (p pod) ready() bool {
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True" && p.Metadata.DeletionTimestamp == nil
		}
	}
	return false
}

// pods returns the pods of a component, or of the whole release if component is "".
func (c cluster) pods(t *testing.T, component string) []pod {
	t.Helper()
	selector := "app.kubernetes.io/instance=" + release
	if component != "" {
		selector += ",app.kubernetes.io/component=" + component
	}
	return decode[struct{ Items []pod }](t, c.kubectl(t, "get", "pods", "--selector", selector, "--output", "json")).Items
}

// count returns how many pods of a component are ready.
func (c cluster) count(t *testing.T, component string) int {
	t.Helper()
	n := 0
	for _, p := range c.pods(t, component) {
		if p.ready() {
			n++
		}
	}
	return n
}

// settled waits until each component has two pods and no pod is starting or stopping.
func (c cluster) settled(t *testing.T) {
	t.Helper()
	for _, name := range components {
		c.kubectl(t, "rollout", "status", "deployment/"+prefix+name, "--timeout", "180s")
	}
	harness.Eventually(t, 3*time.Minute, "all pods are ready", func() (bool, any) {
		var not []string
		for _, p := range c.pods(t, "") {
			if !p.ready() {
				not = append(not, p.Metadata.Name)
			}
		}
		return len(not) == 0, not
	})
}

// system returns the addresses of the release.
func (c cluster) system(t *testing.T) harness.System {
	t.Helper()
	name := c.release
	if !strings.Contains(name, "fivechat") {
		name += "-fivechat"
	}
	edge := c.kubectl(t, "get", "service", name+"-gateway", "--output", "jsonpath={.spec.clusterIP}")
	operator := c.kubectl(t, "get", "pods", "--selector", "app.kubernetes.io/component=gateway", "--output",
		"jsonpath={.items[0].status.podIP}")
	key := c.kubectl(t, "get", "secret", name+"-keys", "--output",
		`go-template={{index .data "operator-key" | base64decode}}`)
	return harness.System{URL: "http://" + edge, OperatorURL: fmt.Sprintf("http://%s:8081", operator), OperatorKey: key}
}

// said is a program's output so far, and whether it has ended.
type said struct {
	ended chan struct{}
	mu    sync.Mutex
	text  bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	return v
}
