package k8s_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/journeys"
)

// callers is the number of concurrent clients during a step: enough that each component always has requests, and few
// enough that a small machine can serve them beside the cluster itself.
const callers = 4

// TestKubernetes takes the chart through its whole life cycle on a real cluster, step by step.
func TestKubernetes(t *testing.T) {
	c := clusterFromEnv(t)
	r := &report{}
	version := decode[struct{ ServerVersion struct{ GitVersion string } }](t,
		c.kubectl(t, "version", "--output", "json")).ServerVersion.GitVersion
	defer func() {
		r.write(t, fmt.Sprintf("On %s, Kubernetes %s, from version `%s` to version `%s`.",
			time.Now().UTC().Format(time.DateOnly), version, before(), now()))
	}()
	steps := []struct {
		name string
		do   func(*testing.T) string
	}{
		{"the namespace enforces Pod Security restricted", c.restricted},
		{"stores outside the release", c.stores},
		{"invalid values are refused, and nothing is created", c.refuses},
		{"the API server accepts the rendered objects of each values file", c.dryRuns},
		{"a pod with a wrong setting exits with one line of error", c.badSetting},
		{"install", c.install},
		{"helm test walks from a visitor to the statistics", c.walk},
		{"the end-to-end tests of tests/journeys", c.journeys},
		{"rolling upgrade under load", c.upgrade},
		{"a pod of each component is deleted under load", c.deletes},
		{"a pod of each component is killed", c.kills},
		{"the node is drained under load", c.drains},
		{"a version that runs out of memory is rolled back under load", c.starves},
		{"the gateway is scaled up and down", c.scales},
		{"uninstall leaves nothing", c.uninstall},
		{"embedded stores keep their data on their volume", c.embedded},
	}
	for _, s := range steps {
		if !r.step(t, s.name, s.do) {
			return
		}
	}
}

// before and now are the versions of an upgrade.
func before() string { return os.Getenv("FIVECHAT_K8S_BEFORE") }
func now() string    { return os.Getenv("FIVECHAT_K8S_NOW") }

// values returns the settings of the release in a version, as a file.
func (c cluster) values(t *testing.T, version string) string {
	t.Helper()
	quotas, err := harness.GenerousQuotas(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(quotas)
	if err != nil {
		t.Fatal(err)
	}
	b, err = json.Marshal(harness.Map{
		"image": harness.Map{"prefix": c.images, "tag": version},
		"stores": harness.Map{
			"mongodb": harness.Map{"existingSecret": "stores"},
			"redis":   harness.Map{"existingSecret": "stores"},
		},
		"defaults": harness.Map{
			"resources":   harness.Map{"requests": harness.Map{"cpu": "10m", "memory": "32Mi"}},
			"autoscaling": harness.Map{"enabled": false},
		},
		"edge": harness.Map{"quotas": json.RawMessage(b)},
		"components": harness.Map{"webhooks": harness.Map{"env": harness.Map{
			"FIVECHAT_WEBHOOKS_HTTP": "true", "FIVECHAT_WEBHOOKS_ALLOW": os.Getenv("FIVECHAT_TEST_HOST") + "/32",
		}}},
	})
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// restricted creates the namespace and checks that it refuses an ordinary pod.
func (c cluster) restricted(t *testing.T) string {
	if out,
		err := c.apply(t,
		`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "`+namespace+`", "labels": `+
			`{"pod-security.kubernetes.io/enforce": "restricted"}}}`); err != nil {
		t.Fatal(out)
	}
	harness.Eventually(t, time.Minute, "the namespace has its service account", func() (bool, any) {
		out, err := c.try(t, "kubectl", "get", "serviceaccount", "default")
		return err == nil, out
	})
	out, err := c.apply(t,
		`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "plain"}, "spec": {"containers": [{"name": "a", `+
			`"image": "a"}]}}`)
	if err == nil || !strings.Contains(out, `violates PodSecurity "restricted`) {
		t.Errorf("an ordinary pod: %v %s", err, out)
	}
	return "an ordinary pod is refused"
}

// stores starts a store and a Redis stand-in outside the release, as in a production installation.
func (c cluster) stores(t *testing.T) string {
	out, err := c.apply(t, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: stores, labels: {app: stores}}
spec:
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: stores
      image: %s/fivechat:%s
      args: [store, serve, --listen=0.0.0.0:27017, --redis=0.0.0.0:6379, --data=/data/store]
      readinessProbe: {tcpSocket: {port: 27017}, periodSeconds: 1}
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: stores, labels: {app: stores}}
spec: {selector: {app: stores}, ports: [{name: mongodb, port: 27017}, {name: redis, port: 6379}]}
---
apiVersion: v1
kind: Secret
metadata: {name: stores, labels: {app: stores}}
stringData:
  mongodb-uri: "mongodb://stores:27017/?directConnection=true&replicaSet=rs0"
  redis-url: "redis://stores:6379"
`, c.images, now()))
	if err != nil {
		t.Fatal(out)
	}
	c.kubectl(t, "wait", "--for=condition=Ready", "pod/stores", "--timeout", "120s")
	return "a MongoDB-compatible store and a Redis stand-in, named by a secret"
}

// refuses checks settings that cannot work.
func (c cluster) refuses(t *testing.T) string {
	for name, data := range map[string]string{"empty": "", "short": "too short", "good": strings.Repeat("k", 40)} {
		if out,
			err := c.apply(t,
			fmt.Sprintf(`{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": %q}, "stringData": {"assertion-keys": %q}}`,
				name, data)); err != nil {
			t.Fatal(out)
		}
	}
	embedded := "stores.embedded=true"
	cases := []struct{ name, says, set string }{
		{"an unknown key", "additional properties 'embeded' not allowed", "stores.embeded=true"},
		{"a wrong type", "got string, want integer", embedded + ",defaults.replicas=many"},
		{"no store", "stores.mongodb: name a replica set", "stores.redis.url=redis://r:6379"},
		{"a password in the open", "a URI with a password belongs in a secret", "stores.mongodb.uri=mongodb://u:p@h/"},
		{
			"a secret that is not there", "there is no secret nobody",
			embedded + ",secrets.assertionKeys.existingSecret=nobody",
		},
		{"a secret without the key", "has no key mongodb-uri", "stores.mongodb.existingSecret=good"},
		{
			"an empty secret", "the secret empty has no key assertion-keys",
			embedded + ",secrets.assertionKeys.existingSecret=empty",
		},
		{"a secret that is too short", "shorter than 32 bytes", embedded + ",secrets.assertionKeys.existingSecret=short"},
		{"a minimum above the maximum", "min 9 is above max 8", embedded + ",components.tickets.autoscaling.min=9"},
	}
	for _, bad := range cases {
		out, err := c.try(t, "helm", "install", release, c.chart, "--set", bad.set)
		if err == nil || !strings.Contains(out, bad.says) {
			t.Errorf("%s: %v %s", bad.name, err, out)
		}
	}
	c.kubectl(t, "delete", "secret", "empty", "short", "good")
	if left := c.left(t); left != "pod/stores\nsecret/stores\nservice/stores" {
		t.Errorf("unexpected objects:\n%s", left)
	}
	return fmt.Sprintf("%d mistakes, one line of error each", len(cases))
}

// dryRuns lets the API server check every rendered object without creating it. It doesn't know the objects of
// operators.
func (c cluster) dryRuns(t *testing.T) string {
	files, err := filepath.Glob(filepath.Join(c.chart, "ci", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of values: %v", err)
	}
	objects := 0
	for _, f := range files {
		rendered, err := c.try(t, "helm", "template", release, c.chart, "--kube-version", renderedFor, "--values", f)
		if err != nil {
			t.Errorf("%s: %s", f, rendered)
			continue
		}
		var known []string
		for _, o := range strings.Split(rendered, "\n---\n") {
			if kind := kindOf.FindStringSubmatch(o); kind != nil &&
				!slices.Contains([]string{"HTTPRoute", "ServiceMonitor", "PrometheusRule"}, kind[1]) {
				known = append(known, o)
			}
		}
		objects += len(known)
		out, err := c.apply(t, strings.Join(known, "\n---\n"), "--dry-run=server")
		if err != nil || strings.Contains(out, "Warning") {
			t.Errorf("%s: %v %s", filepath.Base(f), err, out)
		}
	}
	if out,
		err := c.apply(t,
		`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": "two"}}`,
		"--dry-run=server"); err == nil {
		t.Errorf("a text for a number is accepted: %s", out)
	}
	if left := c.left(t); left != "pod/stores\nsecret/stores\nservice/stores" {
		t.Errorf("unexpected objects:\n%s", left)
	}
	return fmt.Sprintf("%d objects of %d files", objects, len(files))
}

var kindOf = regexp.MustCompile(`(?m)^kind: (\w+)$`)

// badSetting starts each component without its settings.
func (c cluster) badSetting(t *testing.T) string {
	for _, name := range []string{"tickets", "api-gateway"} {
		manifest := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad-%[1]s"}, "spec": {
			"restartPolicy": "Never", "automountServiceAccountToken": false,
			"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
			"containers": [{"name": "a", "image": "%[2]s/%[1]s:%[3]s",
			"terminationMessagePolicy": "FallbackToLogsOnError",
			"securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}}`,
			name, c.images, now())
		if out, err := c.apply(t, manifest); err != nil {
			t.Fatal(out)
		}
		harness.Eventually(t, 2*time.Minute, name+" ends", func() (bool, any) {
			p := decode[pod](t, c.kubectl(t, "get", "pod", "bad-"+name, "--output", "json"))
			return p.Status.Phase == "Failed", p.Status
		})
		log := c.kubectl(t, "logs", "bad-"+name)
		if strings.Contains(log, "\n") || !strings.Contains(log, "FIVECHAT_ASSERTION_KEYS") {
			t.Errorf("%s says %s", name, log)
		}
		if p := decode[pod](t, c.kubectl(t, "get", "pod", "bad-"+name, "--output",
			"json")); p.Status.ContainerStatuses[0].State.Terminated.ExitCode != 1 {
			t.Errorf("%s: %+v", name, p.Status)
		}
		c.kubectl(t, "delete", "pod", "bad-"+name)
	}
	return "exit 1, and the variable's name"
}

func (c cluster) install(t *testing.T) string {
	c.helm(t, "install", release, os.Getenv("FIVECHAT_K8S_CHART_BEFORE"), "--values", c.values(t, before()), "--wait",
		"--timeout", "5m")
	for _, name := range components {
		if n := c.count(t, name); n != 2 {
			t.Errorf("%s has %d ready pods", name, n)
		}
	}
	return fmt.Sprintf("indexes prepared, then %d components of two pods each", len(components))
}

func (c cluster) walk(t *testing.T) string {
	if out := c.helm(t, "test", release); !strings.Contains(out, "Phase:          Succeeded") {
		t.Error(out)
	}
	return "succeeded"
}

func (c cluster) journeys(t *testing.T) string {
	journeys.Run(t, c.system(t))
	return fmt.Sprintf("%d tests in parallel", len(journeys.All))
}

func (c cluster) uninstall(t *testing.T) string {
	c.helm(t, "uninstall", release, "--wait")
	c.kubectl(t, "delete", "pod,service,secret", "--selector", "app=stores")
	c.empty(t)
	return "no object of any kind"
}

// empty waits until the namespace is empty.
func (c cluster) empty(t *testing.T) {
	t.Helper()
	harness.Eventually(t, 2*time.Minute, "nothing is left", func() (bool, any) {
		left := c.left(t)
		return left == "", left
	})
}

// embedded installs the chart with embedded stores, has the store's pod replaced, and uninstalls everything.
func (c cluster) embedded(t *testing.T) string {
	c.helm(t, "install", release, c.chart, "--wait", "--timeout", "5m", "--set",
		"stores.embedded=true,defaults.replicas=1,defaults.autoscaling.enabled=false",
		"--set", "image.prefix="+c.images, "--set-string", "image.tag="+now(), "--set", "defaults.resources.requests.cpu=10m")
	w := c.system(t).Website(t, harness.Free)
	token := w.Visit(t, nil).Open(t, "Hello")
	c.kubectl(t, "delete", "pod", prefix+"stores-0")
	c.settled(t)
	harness.Eventually(t, time.Minute, "the services reconnect to the store and read the conversation",
		func() (bool, any) {
			// the harness accepts no 503
			req, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+"/conversations/"+token, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+w.Secret(harness.Read))
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return false, err
			}
			_ = resp.Body.Close() // only the status matters
			return resp.StatusCode == http.StatusOK, resp.StatusCode
		})
	c.walk(t)
	c.helm(t, "uninstall", release, "--wait")
	c.empty(t)
	c.kubectl(t, "delete", "namespace", namespace, "--wait=false")
	return "a conversation survived the replacement of the store's pod; uninstall left nothing, the volume claim included"
}

// left returns the objects of the namespace that don't exist in every namespace.
func (c cluster) left(t *testing.T) string {
	t.Helper()
	kinds := strings.Fields(c.kubectl(t, "api-resources", "--namespaced", "--verbs", "list", "--output", "name"))
	var stored []string
	for _, k := range kinds {
		if !strings.HasPrefix(k, "endpoint") && !strings.HasPrefix(k, "events") && !strings.HasSuffix(k, ".metrics.k8s.io") &&
			k != "leases.coordination.k8s.io" {
			stored = append(stored, k)
		}
	}
	var left []string
	for line := range strings.Lines(c.kubectl(t, "get", strings.Join(stored, ","), "--ignore-not-found",
		"--output", "name")) {
		if line = strings.TrimSpace(line); line != "" && line != "configmap/kube-root-ca.crt" &&
			line != "serviceaccount/default" {
			left = append(left, line)
		}
	}
	slices.Sort(left)
	return strings.Join(left, "\n")
}
