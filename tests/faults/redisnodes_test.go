package faults_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	ca       string // path of the authority's certificate; "" without TLS
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
	listen := "port " + port
	if strings.Contains(lines, "tls-cert-file") {
		listen = "port 0\ntls-port " + port
	}
	conf := fmt.Sprintf("bind 127.0.0.1\n%s\ndir %s\nrequirepass %s\n%s\n", listen, dir, password, lines)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	p := cluster.Start(t, binary, nil, append([]string{file}, flags...)...)
	answering(t, addr)
	return &redisNode{Process: p, addr: addr, password: password}
}

// dataNode starts a server with data, without persistence. Others replicate it with its password.
func dataNode(t *testing.T, lines string) *redisNode {
	t.Helper()
	const common = "save \"\"\nappendonly no\nrepl-diskless-sync-delay 0\nmasterauth %s\nuser %s on >%s %s\n%s"
	conf := fmt.Sprintf(common, redisAdmin, redisUser, redisPassword, redisRules, lines)
	return startRedisNode(t, redisAdmin, conf)
}

// command runs redis-cli and returns what it prints.
func (n *redisNode) command(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), begins)
	defer cancel()
	host, port, _ := net.SplitHostPort(n.addr)
	flags := []string{"-h", host, "-p", port}
	if n.ca != "" {
		flags = append(flags, "--tls", "--cacert", n.ca)
	}
	c := exec.CommandContext(ctx, "redis-cli", append(flags, args...)...)
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
	scheme          string
}

// downAfter is after how many milliseconds without a response sentinels and nodes of a cluster count a server as dead.
// The defaults are 30 s and 15 s.
const downAfter = 2000

// startSentinels starts the servers. With encrypted lines all connections use TLS; without, the lines are empty.
func startSentinels(t *testing.T, encrypted encryption) *sentinels {
	t.Helper()
	primary := dataNode(t, encrypted.lines)
	host, port, _ := net.SplitHostPort(primary.addr)
	replica := dataNode(t, fmt.Sprintf("%s\nreplicaof %s %s", encrypted.lines, host, port))
	s := &sentinels{data: []*redisNode{primary, replica}, scheme: encrypted.scheme}
	for range 3 {
		s.sentinels = append(s.sentinels, startRedisNode(t, sentinelPassword, fmt.Sprintf(
			"sentinel monitor primary %s %s 2\nsentinel auth-pass primary %s\nsentinel sentinel-pass %s\n"+
				"sentinel down-after-milliseconds primary %d\nsentinel failover-timeout primary 4000",
			host, port, redisAdmin, sentinelPassword, downAfter)+"\n"+encrypted.lines, "--sentinel"))
	}
	for _, n := range append(s.data, s.sentinels...) {
		n.ca = encrypted.ca
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
	return fmt.Sprintf("%s+sentinel://%s@%s/primary/0?sentinel_password=%s", s.scheme,
		url.UserPassword(redisUser, redisPassword), strings.Join(addrs, ","), url.QueryEscape(sentinelPassword))
}

// issueCertificate returns paths of a certificate for 127.0.0.1, which is its own authority, and of its key. The nodes
// of a cluster show it as servers and as clients.
func issueCertificate(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: public}, key: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(&block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

// encryption says how servers and clients connect.
type encryption struct {
	lines  string // of a server's configuration
	ca     string // path of the authority's certificate
	scheme string // of REDIS_URL
}

var unencrypted = encryption{scheme: "redis"}

// encrypt returns TLS with a certificate of its own for all connections, also those among servers.
func encrypt(t *testing.T) encryption {
	t.Helper()
	certificate, key := issueCertificate(t)
	return encryption{
		lines: fmt.Sprintf("tls-cert-file %s\ntls-key-file %s\ntls-ca-cert-file %s\ntls-auth-clients no\n"+
			"tls-replication yes", certificate, key, certificate),
		ca: certificate, scheme: "rediss",
	}
}

// redisCluster is a cluster of three primaries with a replica each. All connections use TLS.
type redisCluster []*redisNode

func startRedisCluster(t *testing.T) redisCluster {
	t.Helper()
	encrypted := encrypt(t)
	var c redisCluster
	create := []string{"--cluster", "create"}
	for _, bus := range harness.FreeAddrs(t, 6) {
		_, port, _ := net.SplitHostPort(bus)
		n := dataNode(t, fmt.Sprintf("%s\ntls-cluster yes\ncluster-enabled yes\ncluster-port %s\ncluster-node-timeout %d",
			encrypted.lines, port, downAfter))
		n.ca = encrypted.ca
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

// primaries returns the primaries. The first one has the slot of a key.
func (c redisCluster) primaries(t *testing.T, key string) (all redisCluster) {
	t.Helper()
	slot := c[0].command(t, "cluster", "keyslot", key)
	for _, n := range c {
		if !strings.HasPrefix(n.command(t, "role"), "master") {
			continue
		}
		if n.command(t, "cluster", "countkeysinslot", slot) == "0" {
			all = append(all, n)
		} else {
			all = append(redisCluster{n}, all...)
		}
	}
	if len(all) < 2 {
		t.Fatalf("%d primaries", len(all))
	}
	return all
}

// moveSlot moves the slot of a key to another primary, one key after the other.
func (c redisCluster) moveSlot(t *testing.T, key string) {
	t.Helper()
	all := c.primaries(t, key)
	from, to, slot := all[0], all[1], c[0].command(t, "cluster", "keyslot", key)
	host, port, _ := net.SplitHostPort(to.addr)
	receiver := to.command(t, "cluster", "myid")
	to.command(t, "cluster", "setslot", slot, "importing", from.command(t, "cluster", "myid"))
	from.command(t, "cluster", "setslot", slot, "migrating", receiver)
	harness.Eventually(t, begins, "the keys are moved", func() (bool, any) {
		first := from.command(t, "cluster", "getkeysinslot", slot, "1")
		if first != "" {
			from.command(t, "migrate", host, port, first, "0", "5000", "auth", redisAdmin)
		}
		return first == "", first
	})
	for _, n := range append(redisCluster{to}, all...) { // the receiver first: then no node loses the slot
		n.command(t, "cluster", "setslot", slot, "node", receiver)
	}
}

func (c redisCluster) url() string {
	var addrs []string
	for _, n := range c[:3] {
		addrs = append(addrs, n.addr)
	}
	return fmt.Sprintf("rediss+cluster://%s@%s", url.UserPassword(redisUser, redisPassword), strings.Join(addrs, ","))
}
