package arch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// The parts of a service and what each may import beside the standard library. The service's own root is always allowed
// to its adapters; an adapter never imports another. libs/words is text alone, as pure as libs/fault.
var (
	domain    = libs("fault", "tenant", "authz", "identity", "optional", "paging", "revision", "storage", "words")
	transport = append(libs("events", "export", "operation", "httpkit", "authz", "identity", "optional", "paging", "revision", "storage", "tenant", "fault", "words"), "github.com/hashicorp/golang-lru/v2")
	storage   = append(libs("mongokit", "events", "tally", "custody", "fault", "tenant", "paging", "revision", "words"), "go.mongodb.org/mongo-driver/v2/bson")
	streaming = append(libs("events", "rediskit", "httpkit", "authz", "identity", "tenant", "fault", "telemetry"), "github.com/prometheus/client_golang/prometheus")
	sending   = append(libs("telemetry", "tenant", "fault"), "github.com/prometheus/client_golang/prometheus", "github.com/google/uuid",
		"go.opentelemetry.io/otel", "code.dny.dev/ssrf", "github.com/standard-webhooks/standard-webhooks/libraries/go")
	outbound = libs("events", "httpkit", "custody", "fault", "tenant", "identity", "rediskit", "storage")
)

// TestServices holds the directions inside every service.
func TestServices(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name, inside := service(p.ImportPath)
		if name == "" {
			continue
		}
		seen[name] = true
		root := house + "services/" + name
		switch {
		case inside == "":
			allow(t, p, "a service's root imports only the standard library and pure libs", domain)
		case inside == "internal/api":
			allow(t, p, "internal/api imports the root and what carries operations", append(transport, root), root+"/")
		case inside == "internal/mongostore":
			allow(t, p, "internal/mongostore imports the root and what reaches the store", append(storage, root), root+"/")
		case inside == "internal/live" || inside == "internal/digest" || inside == "internal/checker":
			allow(t, p, inside+" imports the root and what carries events", append(streaming, root), root+"/")
		case inside == "internal/dispatch" || inside == "internal/sender":
			allow(t, p, inside+" imports the root and what reaches receivers", append(sending, root), root+"/")
		case strings.HasPrefix(inside, "internal/"):
			allow(t, p, "an outbound port imports the root and what calls out", append(outbound, root), root+"/")
		case inside == "app":
			allow(t, p, "app sees its own service and libs", []string{root, house + "libs"})
		case inside == "cmd":
			allow(t, p, "cmd sees app and what runs it", append(libs("component", "runner", "config"), root+"/app"))
		default:
			t.Errorf("%s: a service consists of its root, internal/*, app and cmd", p.ImportPath)
		}
	}
	want := []string{"accounts", "conversations", "statistics", "tickets", "visitors", "webhooks", "widgets"}
	for _, name := range want {
		if !seen[name] {
			t.Errorf("the service %s is not found", name)
		}
	}
}

// allow names every import of p that is neither standard nor within allowed. Below each of fenced only allowed's exact
// packages are: an adapter does not import its siblings.
func allow(t *testing.T, p pkg, rule string, allowed []string, fenced ...string) {
	t.Helper()
	for _, path := range p.Imports {
		if standard(path) {
			continue
		}
		sibling := slices.ContainsFunc(fenced, func(f string) bool { return strings.HasPrefix(path, f) })
		if sibling || !anyWithin(path, allowed) {
			t.Errorf("%s imports %s: %s", p.ImportPath, path, rule)
		}
	}
}

// TestNobodySeesSeveralServices: a service states a port and speaks HTTP; only the system in one process and the tests
// see several.
func TestNobodySeesSeveralServices(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name, _ := service(p.ImportPath)
		composes := within(p.ImportPath, house+"deploy/fivechat") || within(p.ImportPath, house+"tests")
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			other, inside := service(path)
			switch {
			case other == "" || other == name:
			case !composes:
				t.Errorf("%s imports %s: only deploy/fivechat and tests see services from outside", p.ImportPath, path)
			case within(p.ImportPath, house+"deploy/fivechat") && inside != "app":
				t.Errorf("%s imports %s: deploy/fivechat composes services by their app", p.ImportPath, path)
			}
		}
	}
}

// TestLibsKnowNobody: libs import no service, no gateway, no deployment and no tests, and the product not the tests.
func TestLibsKnowNobody(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if within(p.ImportPath, house+"libs") {
			for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
				if strings.HasPrefix(path, house) && !within(path, house+"libs") {
					t.Errorf("%s imports %s: libs import libs", p.ImportPath, path)
				}
			}
		}
		if !within(p.ImportPath, house+"tests") {
			for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
				if within(path, house+"tests") {
					t.Errorf("%s imports %s: the product does not know its tests", p.ImportPath, path)
				}
			}
		}
	}
}

// TestGateway: the gateway is built of libs alone and has no database driver anywhere below it.
func TestGateway(t *testing.T) {
	t.Parallel()
	found := false
	for _, p := range packages(t) {
		if !within(p.ImportPath, house+"api-gateway") {
			continue
		}
		found = true
		for _, path := range p.Imports {
			if strings.HasPrefix(path, house) && !within(path, house+"libs") && !within(path, house+"api-gateway") {
				t.Errorf("%s imports %s: the gateway imports libs only", p.ImportPath, path)
			}
		}
		for _, path := range p.Deps {
			if anyWithin(path, []string{"go.mongodb.org/mongo-driver", "go.mongodb.org/mongo-driver/v2", house + "libs/mongokit", house + "libs/embedmongo", house + "services"}) {
				t.Errorf("%s depends on %s: the gateway has no database driver and knows no service", p.ImportPath, path)
			}
		}
	}
	if !found {
		t.Error("the gateway is not found")
	}
}

// TestOneDoor: only mongokit speaks to the driver, only rediskit to Redis, and only the composed system embeds stores; tests
// do, to see what lies in them.
func TestOneDoor(t *testing.T) {
	t.Parallel()
	doors := map[string][]string{
		"go.mongodb.org/mongo-driver/v2/mongo": {house + "libs/mongokit", house + "libs/embedmongo", house + "tests", testKits},
		"github.com/redis/go-redis/v9":         {house + "libs/rediskit", house + "libs/ratelimit", house + "libs/events"},
		"github.com/alicebob/miniredis/v2":     {house + "deploy/fivechat", house + "tests"},
		house + "libs/embedmongo":              {house + "libs/embedmongo", house + "deploy/fivechat", house + "tests", testKits},
		"github.com/go-kit/kit/transport":      {house + "libs/httpkit"},
		"github.com/go-kit/kit/endpoint":       {house + "libs/operation"},
		"github.com/golang-jwt/jwt/v5":         {house + "libs/identity"},
		"github.com/go-json-experiment/json":   {house + "libs"},
		"github.com/caarlos0/env/v11":          {house + "libs/config"},
		"go.opentelemetry.io/otel/sdk":         {house + "libs/telemetry"},
	}
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			for door, keepers := range doors {
				if within(path, door) && !anyWithin(p.ImportPath, keepers) {
					t.Errorf("%s imports %s: that is behind %s", p.ImportPath, path, strings.Join(keepers, ", "))
				}
			}
		}
	}
}

// TestKitsAreForTests: what the services' tests share is in no product code.
func TestKitsAreForTests(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			if within(path, testKits) && !within(p.ImportPath, testKits) {
				t.Errorf("%s imports %s: that is for tests", p.ImportPath, path)
			}
		}
	}
}

// TestModulesStandAlone: each module builds with the workspace off, so its go.mod says all that it needs.
func TestModulesStandAlone(t *testing.T) {
	t.Parallel()
	dirs := modules(t)
	if len(dirs) < 6 {
		t.Errorf("only %d modules are found: %v", len(dirs), dirs)
	}
	work, err := os.ReadFile(filepath.Join(harness.Root(t), "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		rel, err := filepath.Rel(harness.Root(t), dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(rel, func(t *testing.T) {
			if !strings.Contains(string(work), "./"+rel+"\n") {
				t.Errorf("%s does not stand in go.work", rel)
			}
			cmd := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, "./...")
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s does not build by itself: %v\n%s", rel, err, out)
			}
		})
	}
}
