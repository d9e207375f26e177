package faults_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"fivechat.dev/tests/harness"
)

// lines are proxies between every two components, into which faults can be injected.
type lines struct {
	t      testing.TB
	server *toxiproxy.ApiServer
	mu     sync.Mutex
	all    map[[2]string]*toxiproxy.Proxy // by client and server
}

func newLines(t testing.TB) *lines {
	l := &lines{
		t: t, server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		all: map[[2]string]*toxiproxy.Proxy{},
	}
	t.Cleanup(func() {
		for _, p := range l.all {
			p.Stop()
		}
	})
	return l
}

// line returns the address of a proxy from one component to another, which listens at addr.
func (l *lines) line(from, to, addr string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	pair := [2]string{from, to}
	if l.all[pair] == nil {
		l.all[pair] = toxiproxy.NewProxy(l.server, from+" to "+to, "127.0.0.1:0", addr)
		if err := l.all[pair].Start(); err != nil {
			l.t.Fatal(err)
		}
	}
	return l.all[pair].Listen
}

// between returns the proxies from one component to another; "" means any.
func (l *lines) between(from, to string) (found []*toxiproxy.Proxy) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for pair, p := range l.all {
		if (from == "" || from == pair[0]) && (to == "" || to == pair[1]) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		l.t.Fatalf("no line from %q to %q", from, to)
	}
	return found
}

// cut closes connections and refuses new ones, until repair is called.
func (l *lines) cut(from, to string) (repair func()) {
	cut := l.between(from, to)
	for _, p := range cut {
		p.Stop()
	}
	return func() {
		for _, p := range cut {
			if err := p.Start(); err != nil {
				l.t.Errorf("%s: %v", p.Name, err)
			}
		}
	}
}

// inject injects a fault in both directions, until repair is called. The kinds and attributes are toxiproxy's.
func (l *lines) inject(from, to, kind string, attributes harness.Map) (repair func()) {
	proxies := l.between(from, to)
	directions := []string{"upstream", "downstream"}
	for _, p := range proxies {
		for _, d := range directions {
			toxic, err := json.Marshal(harness.Map{"name": d, "type": kind, "stream": d, "attributes": attributes})
			if err != nil {
				l.t.Fatal(err)
			}
			if _, err = p.Toxics.AddToxicJson(strings.NewReader(string(toxic))); err != nil {
				l.t.Errorf("%s: %v", p.Name, err)
			}
		}
	}
	return func() {
		for _, p := range proxies {
			for _, d := range directions {
				if err := p.Toxics.RemoveToxic(context.Background(), d); err != nil {
					l.t.Errorf("%s: %v", p.Name, err)
				}
			}
		}
	}
}
