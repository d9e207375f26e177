package arch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// room is a part of the repository and what its packages may import from the others. Both are patterns: "/..." at the
// end is the folder and everything below it, "*" is one name, and the "*" of a room's imports is the name that the
// room's own pattern matched. A package belongs to the first room that matches it. A room may always import itself if
// its pattern ends in "/...".
type room struct {
	pattern string
	imports []string
	why     string
}

var (
	kernel    = []string{"libs/kernel/..."}
	observe   = append([]string{"libs/observe/..."}, kernel...)
	domain    = append([]string{"libs/contract"}, kernel...)
	transport = append([]string{"libs/transport/..."}, observe...)
	store     = append([]string{"libs/store/...", "libs/contract"}, transport...)
	process   = append([]string{"libs/process/..."}, store...)
)

// rooms is the architecture: data flows from top to bottom in each list, and nothing imports upwards.
var rooms = []room{
	{"libs", nil, "libs itself has no code"},
	{"libs/kernel/...", nil, "the kernel imports no other part of the product"},
	{"libs/contract", kernel, "the contract of events knows the kernel only"},
	{"libs/observe/...", kernel, "observability knows the kernel only"},
	{"libs/transport/...", observe, "transport imports no store"},
	{
		"libs/store/internal/storetest", append([]string{"libs/embedmongo"}, store...),
		"the test kit of the stores starts the embedded store",
	},
	{"libs/store/...", append([]string{"libs/contract"}, transport...), "stores know no process"},
	{"libs/process/...", store, "a process is composed of stores, transport and observability"},
	{"libs/client/...", nil, "the client stands alone"},
	{"libs/embedmongo/...", nil, "the embedded store stands alone"},

	{"services/internal/...", append([]string{"libs/embedmongo"}, process...), "test kits know no service"},
	{"services/*", domain, "a service's domain imports the kernel and the contract of events only"},
	{
		"services/*/internal/api",
		append([]string{"services/*", "libs/contract", "libs/store/changefeed", "libs/store/outbox"}, transport...),
		"an API adapter knows the domain, transport and the event log, and no other adapter",
	},
	{
		"services/*/internal/mongostore", append([]string{"services/*"}, store...),
		"a store adapter knows the domain and the stores, and no other adapter",
	},
	{
		"services/*/internal/*", append([]string{"services/*"}, store...),
		"an adapter knows the domain, stores and transport, and no other adapter",
	},
	{"services/*/app", append([]string{"services/*/..."}, process...), "app composes its own service"},
	{"services/*/cmd", []string{"services/*/app", "libs/process/..."}, "cmd runs app"},

	{
		"api-gateway/...", append([]string{"libs/store/rediskit", "libs/store/ratelimit", "libs/process/..."}, transport...),
		"the gateway knows no service and no database",
	},
	{
		"deploy/fivechat/...", append([]string{"services/*/app", "api-gateway/...", "libs/client/...", "libs/embedmongo"},
			process...),
		"the system in one process composes services by their app",
	},
	{"deploy/images/...", nil, "the image maker stands alone"},
	{"deploy/observability/...", nil, "rules and dashboards stand alone"},
	{"tests/...", []string{"libs/...", "services/...", "api-gateway/...", "deploy/..."}, "tests see everything"},
}

// match reports whether pattern matches the path of a package below the repository's root, and the name behind "*".
func match(pattern, pkg string) (name string, ok bool) {
	tree := strings.HasSuffix(pattern, "/...")
	want, have := strings.Split(strings.TrimSuffix(pattern, "/..."), "/"), strings.Split(pkg, "/")
	if len(have) < len(want) || !tree && len(have) > len(want) {
		return "", false
	}
	for i, w := range want {
		switch {
		case w == "*":
			if name == "" {
				name = have[i]
			}
		case w != have[i]:
			return "", false
		}
	}
	return name, true
}

// roomOf returns the room of a package, with the name that "*" stands for.
func roomOf(pkg string) (r room, name string, ok bool) {
	for _, r := range rooms {
		if name, ok := match(r.pattern, pkg); ok {
			return r, name, true
		}
	}
	return room{}, "", false
}

// allows reports whether a package of the room may import path. name is what the room's "*" stands for.
func (r room) allows(name, path string) bool {
	own := strings.HasSuffix(r.pattern, "/...") || r.pattern == path
	if _, same := match(r.pattern, path); same && own {
		return true
	}
	return slices.ContainsFunc(r.imports, func(pattern string) bool {
		if name != "" {
			pattern = strings.ReplaceAll(pattern, "*", name)
		}
		_, ok := match(pattern, path)
		return ok
	})
}

// TestRooms checks the direction of every import between the parts of the repository, and that every package has a
// room.
func TestRooms(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, repository)
		r, name, ok := roomOf(pkg)
		if !ok {
			t.Errorf("%s belongs to no room", pkg)
			continue
		}
		seen[r.pattern] = true
		for _, path := range p.Imports {
			own, ours := strings.CutPrefix(path, repository)
			switch {
			case ours && !r.allows(name, own):
				t.Errorf("%s imports %s: %s", pkg, own, r.why)
			case !ours && !standard(path) && r.pattern == "services/*":
				t.Errorf("%s imports %s: a service's domain is plain Go", pkg, path)
			}
		}
	}
	for _, r := range rooms {
		if !seen[r.pattern] {
			t.Errorf("no package is in the room %s", r.pattern)
		}
	}
}

// TestRoomsOfTests checks that libs' tests import only libs, that a service's tests import no other service, and that
// only tests/ imports tests/.
func TestRoomsOfTests(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, repository)
		part, _, _ := strings.Cut(pkg, "/")
		name, _ := service(p.ImportPath)
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			path, ours := strings.CutPrefix(imported, repository)
			other, _ := service(imported)
			switch {
			case !ours || part == "tests":
			case within(path, "tests"):
				t.Errorf("%s's tests import %s: the product does not know tests/", pkg, path)
			case part == "libs" && !within(path, "libs"):
				t.Errorf("%s's tests import %s: libs know libs only", pkg, path)
			case part == "services" && other != "" && other != name:
				t.Errorf("%s's tests import %s: a service knows no other service", pkg, path)
			}
		}
	}
}

// TestRoomPatterns plants imports that the rules must refuse, and some that they allow.
func TestRoomPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{"libs/kernel/fault", "libs/kernel/tenant", true},
		{"libs/kernel/fault", "libs/observe/telemetry", false},
		{"libs/transport/httpkit", "libs/store/mongokit", false},
		{"libs/store/outbox", "libs/transport/httpkit", true},
		{"libs/store/outbox", "libs/contract", true},
		{"libs/contract", "libs/transport/httpkit", false},
		{"libs/transport/httpkit", "libs/contract", false},
		{"api-gateway/app", "libs/contract", false},
		{"libs/store/outbox", "libs/process/runner", false},
		{"services/tickets", "libs/kernel/fault", true},
		{"services/tickets", "libs/store/mongokit", false},
		{"services/tickets", "services/tickets/internal/api", false},
		{"services/tickets/internal/api", "services/tickets", true},
		{"services/tickets/internal/api", "services/visitors", false},
		{"services/tickets/internal/api", "services/tickets/internal/mongostore", false},
		{"services/tickets/internal/api", "libs/store/mongokit", false},
		{"services/tickets/internal/mongostore", "services/tickets/internal/api", false},
		{"services/tickets/app", "services/tickets/internal/api", true},
		{"services/tickets/app", "services/visitors/app", false},
		{"services/tickets/app", "services/internal/apitest", false},
		{"services/tickets/cmd", "services/tickets/internal/api", false},
		{"api-gateway/app", "libs/store/mongokit", false},
		{"api-gateway/app", "services/tickets/app", false},
		{"deploy/fivechat/system", "services/tickets/app", true},
		{"deploy/fivechat/system", "services/tickets", false},
		{"deploy/fivechat/system", "tests/harness", false},
	} {
		r, name, ok := roomOf(c.from)
		if !ok || r.allows(name, c.to) != c.allowed {
			t.Errorf("%s imports %s: allowed is %v, want %v", c.from, c.to, !c.allowed, c.allowed)
		}
	}
}

// TestGatewayHasNoDatabaseDriver checks that no package below the gateway depends on a database driver.
func TestGatewayHasNoDatabaseDriver(t *testing.T) {
	t.Parallel()
	drivers := []string{
		"go.mongodb.org/mongo-driver", "go.mongodb.org/mongo-driver/v2",
		repository + "libs/store/mongokit", repository + "libs/embedmongo",
	}
	for _, p := range packages(t) {
		if !within(p.ImportPath, repository+"api-gateway") {
			continue
		}
		for _, path := range p.Deps {
			if anyWithin(path, drivers) {
				t.Errorf("%s depends on %s", p.ImportPath, path)
			}
		}
	}
}

// only lists the third-party packages, and our embedded store, that one package hides from all others, by the rooms
// that may import them. Tests look into stores directly.
var only = map[string][]string{
	"go.mongodb.org/mongo-driver/v2/mongo": {
		"libs/store/mongokit", "libs/embedmongo/...", "tests/...", "libs/store/internal/storetest",
		"services/internal/...",
	},
	"go.mongodb.org/mongo-driver/v2/bson": {
		"libs/store/...", "services/*/internal/mongostore", "libs/embedmongo/...",
		"tests/...",
		"deploy/fivechat/...",
	},
	"github.com/redis/go-redis/v9": {"libs/store/rediskit"},
	"github.com/alicebob/miniredis/v2": {
		"deploy/fivechat/...", "tests/...", "libs/store/internal/storetest", "libs/store/outbox",
	},
	"github.com/go-kit/kit/transport": {"libs/transport/httpkit"},
	"github.com/go-kit/kit/endpoint":  {"libs/transport/operation"},
	"github.com/golang-jwt/jwt/v5": {
		"libs/kernel/identity", "services/accounts/internal/proofs", "tests/providers/mockoidc",
	},
	"github.com/go-json-experiment/json":                          {"libs/..."},
	"github.com/caarlos0/env/v11":                                 {"libs/process/config"},
	"go.opentelemetry.io/otel/sdk":                                {"libs/observe/telemetry"},
	"code.dny.dev/ssrf":                                           {"services/webhooks/internal/sender"},
	"github.com/standard-webhooks/standard-webhooks/libraries/go": {"services/webhooks/internal/sender", "tests/..."},
	repository + "libs/embedmongo": {
		"libs/embedmongo/...", "deploy/fivechat/...",
		"tests/...", "services/internal/...", "libs/store/internal/storetest",
	},
}

// TestHiddenPackages checks that a package that one package wraps isn't imported elsewhere.
func TestHiddenPackages(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, repository)
		for _, imported := range p.Imports {
			for hidden, patterns := range only {
				may := slices.ContainsFunc(patterns, func(pattern string) bool { _, ok := match(pattern, pkg); return ok })
				if within(imported, hidden) && !may {
					t.Errorf("%s imports %s: only %s may", pkg, imported, strings.Join(patterns, ", "))
				}
			}
		}
	}
}

// TestModulesAreListed checks that every module is in go.work and in the Makefile's MODULES, whose `lint` builds each
// alone.
func TestModulesAreListed(t *testing.T) {
	t.Parallel()
	root := harness.Root(t)
	work, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(makefile), "MODULES := ")
	line, _, _ := strings.Cut(rest, "\n")
	listed := strings.Fields(line)
	dirs := modules(t)
	if len(dirs) < 6 {
		t.Errorf("only %d modules are found: %v", len(dirs), dirs)
	}
	for _, dir := range dirs {
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(work), "./"+rel+"\n") {
			t.Errorf("%s is not in go.work", rel)
		}
		if !slices.Contains(listed, rel) {
			t.Errorf("%s is not in the Makefile's MODULES", rel)
		}
	}
	if !strings.Contains(string(makefile), "GOWORK=off go build -o /dev/null ./...") {
		t.Error("make lint does not build each module with the workspace off")
	}
}
