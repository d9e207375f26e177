package k8s_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/k8s/values"
)

// lint renders the chart without a cluster; `make k8s-lint` sets the paths of helm, kubeconform and the schemas.
type lint struct{ helm, kubeconform, schemas, chart string }

func linting(t *testing.T) lint {
	t.Helper()
	dir := os.Getenv("FIVECHAT_K8S_LINT")
	if dir == "" {
		t.Skipf("FIVECHAT_K8S_LINT names no folder of programs: make k8s-lint")
	}
	return lint{
		filepath.Join(dir, "helm"), filepath.Join(dir, "kubeconform"), filepath.Join(dir, "schemas"),
		filepath.Join(harness.Root(t), "charts", "fivechat"),
	}
}

func (l lint) run(t *testing.T, stdin, program string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	return string(out), err
}

// renderedFor is the Kubernetes version of the schemas.
const renderedFor = "1.34.4"

// render renders the manifests of values, for a cluster with the Prometheus operator and custom metrics.
func (l lint) render(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return l.run(t, "", l.helm, append([]string{
		"template", release, l.chart, "--api-versions", "monitoring.coreos.com/v1",
		"--api-versions", "custom.metrics.k8s.io/v1beta1", "--kube-version", renderedFor,
	}, args...)...)
}

// TestValuesFiles checks each file of values in the chart's ci folder: lint accepts it, and the rendered objects match
// Kubernetes' schemas.
func TestValuesFiles(t *testing.T) {
	l := linting(t)
	files, err := filepath.Glob(filepath.Join(l.chart, "ci", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of values: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			if out, err := l.run(t, "", l.helm, "lint", "--strict", "--kube-version", renderedFor, l.chart, "--values",
				f); err != nil {
				t.Error(out)
			}
			rendered, err := l.render(t, "--values", f)
			if err != nil {
				t.Fatal(rendered)
			}
			if out, err := l.conforms(t, rendered); err != nil {
				t.Error(out)
			}
			hardened(t, rendered)
		})
	}
}

// conforms runs kubeconform. Objects that aren't Kubernetes' own have no schema here.
func (l lint) conforms(t *testing.T, rendered string) (string, error) {
	t.Helper()
	return l.run(t, rendered, l.kubeconform, "-strict", "-summary", "-skip", "ServiceMonitor,PrometheusRule,HTTPRoute",
		"-schema-location", filepath.Join(l.schemas, "{{.ResourceKind}}{{.KindSuffix}}.json"))
}

// TestConformsCanFail checks that an unknown field and a text for a number are found.
func TestConformsCanFail(t *testing.T) {
	l := linting(t)
	rendered, err := l.render(t, "--set", "stores.embedded=true")
	if err != nil {
		t.Fatal(rendered)
	}
	for from, to := range map[string]string{
		"revisionHistoryLimit: 3": "revisionHistroyLimit: 3",
		"periodSeconds: 5":        "periodSeconds: five",
	} {
		if out, err := l.conforms(t, strings.Replace(rendered, from, to, 1)); err == nil {
			t.Errorf("%s: %s", to, out)
		}
	}
}

// hardened checks that each container drops all privileges that it can, and has limits.
func hardened(t *testing.T, rendered string) {
	t.Helper()
	seen := 0
	for _, o := range objects(t, rendered) {
		spec, is := o.get("spec", "template", "spec").(object)
		if o.get("kind") == "Pod" {
			spec, is = o.get("spec").(object)
		}
		if !is {
			continue
		}
		for _, c := range spec.get("containers").([]any) {
			seen++
			c := c.(object)
			if spec.get("automountServiceAccountToken") != false || spec.get("securityContext", "runAsNonRoot") != true ||
				c.get("securityContext", "readOnlyRootFilesystem") != true ||
				c.get("securityContext", "allowPrivilegeEscalation") != false ||
				c.get("resources", "limits", "memory") == nil || c.get("resources", "requests", "cpu") == nil {
				t.Errorf("%v: the container %v is not hardened", o.get("metadata", "name"), c.get("name"))
			}
		}
	}
	if seen < len(components) {
		t.Errorf("%d containers", seen)
	}
}

// TestRefusedValues checks that values that cannot work are refused with one line that says why.
func TestRefusedValues(t *testing.T) {
	l := linting(t)
	for set, says := range map[string]string{
		"stores.embeded=true":                                                             "'embeded' not allowed",
		"stores.embedded=yes":                                                             "got string, want boolean",
		"stores.redis.url=redis":                                                          "does not match pattern",
		"stores.redis.url=redis+ring://h":                                                 "does not match pattern",
		"stores.redis.namespace={a}":                                                      "got array, want string",
		"stores.embedded=true,stores.redis.ca.existingSecret=ca":                          "there is no Redis with TLS",
		"stores.redis.url=redis://h,stores.redis.ca.existingSecret=ca":                    "begins with rediss",
		"stores.redis.url=redis+sentinel://h/m?sentinel_password=p":                       "belongs in a secret",
		"stores.embedded=true,stores.mongodb.uri=mongodb://h/":                            "exclude each other",
		"stores.mongodb.uri=mongodb://h/,stores.mongodb.existingSecret=s":                 "exclude each other",
		"stores.mongodb.uri=mongodb://u:p@h/":                                             "belongs in a secret",
		"stores.embedded=false":                                                           "mongodb: name a replica set",
		"stores.embedded=true,defaults.replicas=0":                                        "minimum",
		"stores.embedded=true,defaults.resources.limits.memory=256M":                      "does not match pattern",
		"stores.embedded=true,components.gatway.replicas=1":                               "'gatway' not allowed",
		"stores.embedded=true,components.gateway.replica=1":                               "'replica' not allowed",
		"stores.embedded=true,components.gateway.autoscaling.min=9":                       "min 9 is above max 8",
		"stores.embedded=true,ingress.enabled=true":                                       "an Ingress needs a host",
		"stores.embedded=true,httpRoute.enabled=true":                                     "needs a Gateway",
		"stores.embedded=true,ingress.enabled=true,ingress.host=a.example":                "edge.trustedProxies",
		"stores.embedded=true,httpRoute.enabled=true,httpRoute.parentRefs[0].name=a":      "edge.trustedProxies",
		"stores.embedded=true,telemetry.logLevel=loud":                                    "value must be one of",
		"stores.embedded=true,telemetry.sampleRatio=2":                                    "maximum",
		"stores.embedded=true,edge.trustedProxies={10.0.0.1}":                             "does not match pattern",
		"stores.embedded=true,components.tickets.secretEnv.KEY.secret=a":                  "missing property 'key'",
		"stores.embedded=true,secrets.assertionKeys.existingSecret=UPPER":                 "does not match pattern",
		"stores.embedded=true,signIn.identityProviders.existingSecret=a":                  "signIn.publicUrl",
		"stores.embedded=true,edge.quotas.plan.PRO.read.caller.requests=5":                "'plan' not allowed",
		"stores.embedded=true,networkPolicy.mongodbPort=0":                                "minimum",
		"stores.embedded=true,image.pullPolicy=Sometimes":                                 "value must be one of",
		"stores.embedded=true,shutdown.pause=0":                                           "minimum",
		"stores.embedded=true,components.tickets.env.lower=1,components.tickets.env.B=\"": "does not match pattern",
	} {
		out, err := l.render(t, "--set", set)
		if err == nil || !strings.Contains(out, says) || strings.Contains(out, "nil pointer") {
			t.Errorf("%s: %v %.500s", set, err, out)
		}
	}
}

// TestSharedAddressIsAccepted: an Ingress without trusted proxies needs an explicit setting; with trusted proxies it
// doesn't.
func TestSharedAddressIsAccepted(t *testing.T) {
	l := linting(t)
	ingress := "stores.embedded=true,ingress.enabled=true,ingress.host=a.example,"
	for _, set := range []string{ingress + "edge.acceptSharedAddress=true", ingress + "edge.trustedProxies={10.0.0.0/8}"} {
		if out, err := l.render(t, "--set", set); err != nil {
			t.Errorf("%s: %v %.500s", set, err, out)
		}
	}
}

// TestKubernetesIsNewEnough: the sleep action at a pod's end is part of the kubelet only since 1.30.
func TestKubernetesIsNewEnough(t *testing.T) {
	l := linting(t)
	out, err := l.render(t, "--set", "stores.embedded=true", "--kube-version", "1.29.9")
	if err == nil || !strings.Contains(out, "incompatible with Kubernetes") {
		t.Errorf("%v %.200s", err, out)
	}
}

// TestReadme checks that the README's table matches the values, and that each value is described.
func TestReadme(t *testing.T) {
	dir := filepath.Join(harness.Root(t), "charts", "fivechat")
	content, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	table, undocumented, err := values.Table(content)
	if err != nil || len(undocumented) > 0 {
		t.Errorf("%v, without a description: %v", err, undocumented)
	}
	if !strings.Contains(string(readme), "<!-- values -->\n"+table+"<!-- end of values -->") {
		t.Error("the README's table is stale: make chart")
	}
}

// TestFacts checks that the chart's list of components has each one's targets and whether it has a store, as its
// settings in code have. The network policies have an edge for each call and no other.
func TestFacts(t *testing.T) {
	root := harness.Root(t)
	b, err := os.ReadFile(filepath.Join(root, "charts", "fivechat", "files", "components.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var facts map[string]struct {
		Store, Out bool
		Image      string
		Calls      []string
	}
	if err := yaml.Unmarshal(b, &facts); err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`env:"FIVECHAT_([A-Z]+)_URL"`)
	for _, name := range components {
		fact, has := facts[name]
		dir := filepath.Join(root, "services", name, "app")
		if name == "gateway" {
			dir = filepath.Join(root, "api-gateway", "app")
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 || !has {
			t.Fatalf("%s: %v, %d files, %v", name, has, len(files), err)
		}
		var calls []string
		for _, f := range files {
			code, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range variable.FindAllStringSubmatch(string(code), -1) {
				if m[1] != "OPERATOR" && m[1] != "PUBLIC" { // addresses of the gateway
					calls = append(calls, strings.ToLower(m[1]))
				}
			}
		}
		slices.Sort(calls)
		if !slices.Equal(calls, fact.Calls) && len(calls)+len(fact.Calls) > 0 {
			t.Errorf("%s calls %v, but the chart has %v", name, calls, fact.Calls)
		}
		if fact.Store == (name == "gateway") {
			t.Errorf("%s has a store: %v", name, fact.Store)
		}
	}
	if len(facts) != len(components) {
		t.Errorf("%d components, but the chart has %d", len(components), len(facts))
	}
}

// object is a decoded Kubernetes object.
type object map[string]any

// get returns the value at a path, or nil.
func (o object) get(path ...string) any {
	var at any = o
	for _, p := range path {
		in, is := at.(object)
		if !is {
			return nil
		}
		at = in[p]
	}
	return at
}

func objects(t *testing.T, rendered string) []object {
	t.Helper()
	var all []object
	for d := yaml.NewDecoder(strings.NewReader(rendered)); ; {
		var o object
		if err := d.Decode(&o); err != nil {
			if err.Error() != "EOF" {
				t.Fatal(err)
			}
			return all
		}
		if o != nil {
			all = append(all, o)
		}
	}
}
