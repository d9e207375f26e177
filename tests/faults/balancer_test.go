package faults_test

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
)

// probeInterval is the pause between two readiness probes of a replica, and the timeout of one.
const probeInterval = 50 * time.Millisecond

// balancer is a proxy that gives each new connection to one of the ready replicas of a component in turn, as a
// Kubernetes Service does.
type balancer struct {
	net.Listener
	mu       sync.Mutex
	replicas []*replica
	next     int
}

type replica struct {
	addr, admin string
	ready       bool
}

// newBalancer starts with one address that counts as ready.
func newBalancer(t testing.TB, addr string) *balancer {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{Listener: ln, replicas: []*replica{{addr: addr, ready: true}}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go b.forward(c)
		}
	})
	all.Go(func() { b.probe(t) })
	t.Cleanup(func() {
		ln.Close()
		all.Wait()
	})
	return b
}

// setReplicas sets the replicas.
func (b *balancer) setReplicas(replicas ...*cluster.Process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas = nil
	for _, p := range replicas {
		b.replicas = append(b.replicas, &replica{p.Addr, p.Admin, true})
	}
}

// probe probes the replicas until the test ends.
func (b *balancer) probe(t testing.TB) {
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	ticks := time.NewTicker(probeInterval)
	defer ticks.Stop()
	for {
		select {
		case <-t.Context().Done():
			return
		case <-ticks.C:
		}
		b.mu.Lock()
		places := b.replicas
		b.mu.Unlock()
		for _, p := range places {
			if p.admin == "" {
				continue
			}
			resp, err := client.Get("http://" + p.admin + "/readyz")
			if err == nil {
				resp.Body.Close()
			}
			b.mu.Lock()
			p.ready = err == nil && resp.StatusCode == http.StatusOK
			b.mu.Unlock()
		}
	}
}

// forward connects a client to a replica. If that refuses the connection, it tries the next.
func (b *balancer) forward(c net.Conn) {
	defer c.Close()
	b.mu.Lock()
	var ready []string
	for i := range b.replicas {
		if p := b.replicas[(b.next+i)%len(b.replicas)]; p.ready {
			ready = append(ready, p.addr)
		}
	}
	b.next++
	b.mu.Unlock()
	for _, addr := range ready {
		to, err := net.Dial("tcp", addr)
		if err != nil {
			continue
		}
		defer to.Close()
		go func() {
			_, _ = io.Copy(to, c) // the end of either side ends both
			to.Close()
		}()
		_, _ = io.Copy(c, to)
		return
	}
}
