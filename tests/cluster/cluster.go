// Package cluster runs the gateway and each service in its own process, for tests that kill some of them.
package cluster

import (
	"context"
	"crypto/rand"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// Services are the components other than the gateway.
var Services = []string{
	"accounts", "conversations", "files", "mail", "statistics", "tickets", "visitors", "webhooks", "widgets", "workspace",
}

// Gateway is the gateway's name.
const Gateway = "api-gateway"

// Build builds all components, and more programs named by the last element of their package. It returns their folder.
func Build(t testing.TB, more ...string) string {
	t.Helper()
	dir, err := BuildAll(t.Context(), more...)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// BuildAll is Build for a TestMain.
func BuildAll(ctx context.Context, more ...string) (dir string, err error) {
	packages := map[string]string{Gateway: "fivechat.dev/api-gateway/cmd"}
	for _, name := range Services {
		packages[name] = "fivechat.dev/services/" + name + "/cmd"
	}
	for _, pkg := range more {
		packages[filepath.Base(pkg)] = pkg
	}
	return process.Build(ctx, packages)
}

// Cluster is the whole system.
type Cluster struct {
	harness.System
	Gateway  *Process
	Services []*Process           // in the order of Services
	Redis    *miniredis.Miniredis // nil if the Redis is external
	Env      map[string]string    // common to all components
	binaries string
	line     func(from, to, addr string) string
}

// Launch starts every component from a folder of Build, on free ports, and waits until all are ready. The stores are
// those that env or the environment name, or embedded ones. The other variables in env are for all components. The
// quotas are generous, unless env names others: FIVECHAT_QUOTAS="" stands for the defaults.
func Launch(t testing.TB, binaries string, env map[string]string) *Cluster {
	t.Helper()
	return LaunchLines(t, binaries, env, nil)
}

// LaunchLines is like Launch with proxies between components. line gets the name of a component, the name of its target
// (a service, "mongodb" or "redis") and the target's address. It returns the address that the component connects to.
// Components connect directly to a store whose client discovers the other members by itself.
func LaunchLines(t testing.TB, binaries string, env map[string]string,
	line func(from, to, addr string) string,
) *Cluster {
	t.Helper()
	addrs := harness.FreeAddrs(t, 2*len(Services)+3)
	f := &Cluster{binaries: binaries, line: line}
	f.Env, f.Redis = stores(t, env)
	f.Env["FIVECHAT_ASSERTION_KEYS"] = rand.Text() + rand.Text()
	f.Env["FIVECHAT_SECRET_KEYS"] = rand.Text() + rand.Text()
	if _, set := env["FIVECHAT_QUOTAS"]; !set {
		quotas, err := harness.GenerousQuotas(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		f.Env["FIVECHAT_QUOTAS"] = quotas
	}
	f.Env["FIVECHAT_FILES"] = "file://" + t.TempDir()
	f.Env["FIVECHAT_WEBHOOKS_ALLOW"], f.Env["FIVECHAT_WEBHOOKS_HTTP"] = "127.0.0.0/8", "true"
	for i, name := range Services {
		f.Env["FIVECHAT_"+strings.ToUpper(name)+"_URL"] = "http://" + addrs[2*i]
	}
	for i, name := range Services {
		f.Services = append(f.Services,
			f.Run(t, name, map[string]string{"FIVECHAT_ADDR": addrs[2*i], "FIVECHAT_ADMIN_ADDR": addrs[2*i+1]}))
	}
	last := addrs[2*len(Services):]
	key := rand.Text()
	f.Gateway = f.Run(t, Gateway, map[string]string{
		"FIVECHAT_ADDR": last[0], "FIVECHAT_ADMIN_ADDR": last[1], "FIVECHAT_OPERATOR_ADDR": last[2],
		"FIVECHAT_OPERATOR_KEY": key,
	})
	f.System = harness.System{URL: "http://" + last[0], OperatorURL: "http://" + last[2], OperatorKey: key}
	Ready(t, f.All()...)
	return f
}

// stores returns the environment of the stores, and the embedded Redis if it is used.
func stores(t testing.TB, env map[string]string) (map[string]string, *miniredis.Miniredis) {
	t.Helper()
	all := map[string]string{
		"MONGODB_URI": os.Getenv("MONGODB_URI"), "REDIS_URL": os.Getenv("REDIS_URL"),
		"MONGODB_ADOPT": "true", // the stores of MONGODB_URI outlive the keys of one run
	}
	maps.Copy(all, env)
	if all["MONGODB_URI"] == "" {
		m, err := embedmongo.Start(context.Background(), embedmongo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close() })
		all["MONGODB_URI"] = m.URI()
	}
	all["MONGODB_DATABASE"] = harness.Unique("fivechat_test_")
	if all["REDIS_URL"] == "" {
		redis := miniredis.RunT(t)
		all["REDIS_URL"] = "redis://" + redis.Addr()
		return all, redis
	}
	return all, nil
}

// Run starts a component with the common environment and more.
func (f *Cluster) Run(t testing.TB, name string, more map[string]string) *Process {
	t.Helper()
	env := maps.Clone(f.Env)
	if f.line != nil {
		for key, value := range f.Env {
			env[key] = f.lineOf(name, key, value)
		}
	}
	maps.Copy(env, more)
	return Start(t, filepath.Join(f.binaries, name), env)
}

// lineOf returns a variable of a component, with its target's address replaced by that of a line.
func (f *Cluster) lineOf(name, key, value string) string {
	to := map[string]string{"MONGODB_URI": "mongodb", "REDIS_URL": "redis"}[key]
	for _, s := range Services {
		if key == "FIVECHAT_"+strings.ToUpper(s)+"_URL" {
			to = s
		}
	}
	u, err := url.Parse(value)
	if to == "" || err != nil || to == "mongodb" && u.Query().Get("directConnection") != "true" {
		return value
	}
	u.Host = f.line(name, to, u.Host)
	return u.String()
}

// Replica starts a second gateway with a second replica of the conversations service, and returns their addresses.
func (f *Cluster) Replica(t testing.TB) (harness.System, []*Process) {
	t.Helper()
	addrs := harness.FreeAddrs(t, 5)
	conversations := f.Run(t, "conversations", map[string]string{
		"FIVECHAT_ADDR":       addrs[0],
		"FIVECHAT_ADMIN_ADDR": addrs[1],
	})
	edge := f.Run(t, Gateway, map[string]string{
		"FIVECHAT_ADDR": addrs[2], "FIVECHAT_ADMIN_ADDR": addrs[3], "FIVECHAT_CONVERSATIONS_URL": "http://" + addrs[0],
	})
	Ready(t, conversations, edge)
	return harness.System{URL: "http://" + addrs[2]}, []*Process{edge, conversations}
}

// All returns every component, the gateway first.
func (f *Cluster) All() []*Process { return append([]*Process{f.Gateway}, f.Services...) }
