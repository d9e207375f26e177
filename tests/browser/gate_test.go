package browser

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// gate is a reverse proxy between pages and the system. It counts the event streams, and can cut all connections.
type gate struct {
	*httptest.Server
	open       atomic.Int32 // event streams
	opened     atomic.Int32
	isShut     atomic.Bool
	losesReads atomic.Bool // of messages; events arrive

	mu  sync.Mutex
	cut context.CancelFunc
	ctx context.Context
}

func newGate(t *testing.T, system string) *gate {
	t.Helper()
	to, err := url.Parse(system)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	g.ctx, g.cut = context.WithCancel(context.Background())
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // the console's origin
		},
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.isShut.Load() || g.losesReads.Load() && isReadOfMessages(r) {
			panic(http.ErrAbortHandler)
		}
		if strings.HasSuffix(r.URL.Path, "/visitor/events") && r.Method == http.MethodGet {
			g.opened.Add(1)
			g.open.Add(1)
			defer g.open.Add(-1)
		}
		ctx, cancel := context.WithCancel(r.Context())
		g.mu.Lock()
		defer context.AfterFunc(g.ctx, cancel)()
		g.mu.Unlock()
		defer cancel()
		proxy.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(func() {
		g.shut()
		g.Close()
	})
	return g
}

// isReadOfMessages reports whether a visitor's page reads the messages of a conversation.
func isReadOfMessages(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/visitor/conversations/")
}

// shut ends all connections, those in the middle of a request too, and refuses new ones.
func (g *gate) shut() {
	g.isShut.Store(true)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut()
	g.ctx, g.cut = context.WithCancel(context.Background())
	g.CloseClientConnections()
}

func (g *gate) unshut() { g.isShut.Store(false) }

// tag is the script tag of a page whose widget uses the gate.
func (g *gate) tag(client string) string {
	return `<script async src="` + g.URL + "/widget/" + client + `"></script>`
}
