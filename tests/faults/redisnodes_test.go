package faults_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// The credentials of the servers. The components have a user of their own, with the rights that docs/configuration.md
// lists.
const (
	redisNamespace   = "shop"
	redisAdmin       = "admin-of-redis"
	redisUser        = "fivechat"
	redisPassword    = "p/w@1,2"
	sentinelPassword = "of&sentinels"
	redisRules       = "~" + redisNamespace + ":* &" + redisNamespace + ":* +@all -@admin -@dangerous"
)

// redisNode is a redis-server, possibly as a sentinel.
type redisNode struct {
	*cluster.Process
	addr     string
	password string
}

// redisBinary returns the path of redis-server, whose package has redis-cli too. It skips the test if there is none.
func redisBinary(t *testing.T) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	switch {
	case err == nil:
		return binary
	case os.Getenv("FIVECHAT_REQUIRE_REDIS") != "":
		t.Fatal(err)
	}
	t.Skip("there is no redis-server (Debian package redis-server)")
	return ""
}

// startRedisNode starts a server with the lines of a configuration. Flags follow the name of its file.
func startRedisNode(t *testing.T, password, lines string, flags ...string) *redisNode {
	t.Helper()
	binary, dir, addr := redisBinary(t), t.TempDir(), harness.FreeAddrs(t, 1)[0]
	_, port, _ := net.SplitHostPort(addr)
	file := filepath.Join(dir, "redis.conf")
	conf := fmt.Sprintf("bind 127.0.0.1\nport %s\ndir %s\nrequirepass %s\n%s\n", port, dir, password, lines)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	n := &redisNode{cluster.Start(t, binary, nil, append([]string{file}, flags...)...), addr, password}
	answering(t, addr)
	return n
}

// dataNode starts a server with data, without persistence. Others replicate it with its password.
func dataNode(t *testing.T, lines string) *redisNode {
	t.Helper()
	return startRedisNode(t, redisAdmin, fmt.Sprintf("save \"\"\nappendonly no\nrepl-diskless-sync-delay 0\nmasterauth %s\nuser %s on >%s %s\n%s",
		redisAdmin, redisUser, redisPassword, redisRules, lines))
}

// command runs redis-cli and returns what it prints.
func (n *redisNode) command(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), begins)
	defer cancel()
	host, port, _ := net.SplitHostPort(n.addr)
	c := exec.CommandContext(ctx, "redis-cli", append([]string{"-h", host, "-p", port}, args...)...)
	c.Env = append(os.Environ(), "REDISCLI_AUTH="+n.password)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// restart starts a server again after it was killed.
func (n *redisNode) restart(t *testing.T) {
	t.Helper()
	n.Process = n.Again(t)
	answering(t, n.addr)
}

// sentinels are a primary with a replica, and three sentinels. One of the data nodes is the primary.
type sentinels struct {
	data, sentinels []*redisNode
}

// downAfter is after how many milliseconds without a response sentinels and nodes of a cluster count a server as dead.
// The defaults are 30 s and 15 s.
const downAfter = 2000

func startSentinels(t *testing.T) *sentinels {
	t.Helper()
	primary := dataNode(t, "")
	host, port, _ := net.SplitHostPort(primary.addr)
	s := &sentinels{data: []*redisNode{primary, dataNode(t, fmt.Sprintf("replicaof %s %s", host, port))}}
	for range 3 {
		s.sentinels = append(s.sentinels, startRedisNode(t, sentinelPassword, fmt.Sprintf(
			"sentinel monitor primary %s %s 2\nsentinel auth-pass primary %s\nsentinel sentinel-pass %s\n"+
				"sentinel down-after-milliseconds primary %d\nsentinel failover-timeout primary 4000",
			host, port, redisAdmin, sentinelPassword, downAfter), "--sentinel"))
	}
	return s
}

// wait waits until every sentinel knows the others and a replica that can be promoted.
func (s *sentinels) wait(t *testing.T) {
	t.Helper()
	harness.Eventually(t, begins, "the sentinels know the servers and one another", func() (bool, any) {
		for _, one := range s.sentinels {
			known := strings.Fields(one.command(t, "sentinel", "master", "primary"))
			field := func(name string) string {
				for i, f := range known[:len(known)-1] {
					if f == name {
						return known[i+1]
					}
				}
				return ""
			}
			replicas := one.command(t, "sentinel", "replicas", "primary")
			if field("num-other-sentinels") != "2" || field("flags") != "master" ||
				strings.Contains(replicas, "s_down") || !strings.Contains(replicas, "master-link-status\nok") {
				return false, fmt.Sprint(known, replicas)
			}
		}
		return true, nil
	})
}

// primary returns the primary that a sentinel names.
func (s *sentinels) primary(t *testing.T) *redisNode {
	t.Helper()
	named := strings.Fields(s.sentinels[0].command(t, "sentinel", "get-master-addr-by-name", "primary"))
	for _, n := range s.data {
		if n.addr == strings.Join(named, ":") {
			return n
		}
	}
	t.Fatalf("a sentinel names %v as the primary", named)
	return nil
}

func (s *sentinels) url() string {
	var addrs []string
	for _, n := range s.sentinels {
		addrs = append(addrs, n.addr)
	}
	return fmt.Sprintf("redis+sentinel://%s@%s/primary/0?sentinel_password=%s",
		url.UserPassword(redisUser, redisPassword), strings.Join(addrs, ","), url.QueryEscape(sentinelPassword))
}

// redisCluster is a cluster of three primaries with a replica each.
type redisCluster []*redisNode

func startRedisCluster(t *testing.T) redisCluster {
	t.Helper()
	var c redisCluster
	create := []string{"--cluster", "create"}
	for _, bus := range harness.FreeAddrs(t, 6) {
		_, port, _ := net.SplitHostPort(bus)
		n := dataNode(t, fmt.Sprintf("cluster-enabled yes\ncluster-port %s\ncluster-node-timeout %d", port, downAfter))
		c = append(c, n)
		create = append(create, n.addr+"@"+port)
	}
	c[0].command(t, append(create, "--cluster-replicas", "1", "--cluster-yes")...)
	return c
}

// wait waits until every node sees a complete cluster with a replica of each primary.
func (c redisCluster) wait(t *testing.T) {
	t.Helper()
	harness.Eventually(t, begins, "the cluster is complete", func() (bool, any) {
		for _, n := range c {
			nodes := n.command(t, "cluster", "nodes")
			if !strings.Contains(n.command(t, "cluster", "info"), "cluster_state:ok") ||
				strings.Count(nodes, " connected") != len(c) || strings.Contains(nodes, "fail") ||
				!strings.Contains(n.command(t, "role"), "master") &&
					!strings.Contains(n.command(t, "info", "replication"), "master_link_status:up") {
				return false, nodes
			}
		}
		return true, nil
	})
}

// owners returns the primary that has a key's slot, and another primary, with their ids.
func (c redisCluster) owners(t *testing.T, key string) (owner, other *redisNode, ownerID, otherID string) {
	t.Helper()
	slot := c[0].command(t, "cluster", "keyslot", key)
	for _, n := range c {
		if !strings.HasPrefix(n.command(t, "role"), "master") {
			continue
		}
		id := n.command(t, "cluster", "myid")
		if strings.HasPrefix(n.command(t, "cluster", "countkeysinslot", slot), "0") {
			other, otherID = n, id
		} else {
			owner, ownerID = n, id
		}
	}
	if owner == nil || other == nil {
		t.Fatalf("no two primaries, of which one has the slot %s", slot)
	}
	return owner, other, ownerID, otherID
}

func (c redisCluster) url() string {
	var addrs []string
	for _, n := range c[:3] {
		addrs = append(addrs, n.addr)
	}
	return fmt.Sprintf("redis+cluster://%s@%s", url.UserPassword(redisUser, redisPassword), strings.Join(addrs, ","))
}
