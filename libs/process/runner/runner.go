// Package runner starts and stops a component. A Unit is what a component consists of; the same Unit runs alone in its
// own process or beside its siblings in one.
package runner

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	_ "golang.org/x/crypto/x509roots/fallback" // the machine may have no certificate authorities: images hold nothing but the program
	"golang.org/x/sync/errgroup"

	"fivechat.dev/libs/observe/telemetry"
)

// The bounds of a server: slow clients are cut off, and a stop waits this long for requests under way.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 60 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 32 << 10
	drainTimeout      = 25 * time.Second
	partFor           = time.Second // see part
	maxShared         = 100         // requests on one connection, where it is multiplexed: few enough that a balancer can spread them
)

// Listener is an address and what answers there. Net, where set, is an already bound listener for it.
type Listener struct {
	Name      string // "http", "admin", "operator"
	Addr      string
	Net       net.Listener
	Handler   http.Handler
	TLS       *tls.Config               // where set, the listener speaks TLS
	Server    func(*http.Server) Server // where set, makes of the standard server what serves the listener; not with TLS
	Multiplex bool                      // also speak HTTP/2 without TLS: many requests share a connection. For siblings, not for the world.
}

// Server serves a listener, as a *http.Server does.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
	Close() error
}

// Task works in the background until its context ends. An error before that stops the component.
type Task struct {
	Name string
	Run  func(context.Context) error
}

// Unit is a component: what it serves, what it does in the background, when it is ready, how it lets go of answers that
// would not end by themselves, and how it closes. Ready, Drain and Close may be nil. Uses are what it depends on, by name,
// each with what asks whether it is there.
type Unit struct {
	Name      string
	Telemetry *telemetry.Telemetry
	Listeners []Listener
	Access    AdminAccess // to the listener Admin
	Tasks     []Task
	Uses      map[string]func(context.Context) error
	Ready     func(context.Context) error
	Drain     func()
	Close     func(context.Context) error
}

// Running is a started Unit.
type Running struct {
	unit    Unit
	addrs   map[string]string
	schemes map[string]string // of listeners, where it is not http
	servers []Server
	stop    context.CancelFunc
	group   *errgroup.Group
	failed  context.Context
	ready   *atomic.Bool
}

// Start binds every listener, then serves and runs the tasks. On an error nothing is left running.
func Start(u Unit) (*Running, error) {
	if len(u.Uses) > 0 {
		t, err := look(u)
		if err != nil {
			return nil, err
		}
		u.Tasks = append(slices.Clone(u.Tasks), t)
	}
	ctx, cancel := context.WithCancel(context.Background())
	group, failed := errgroup.WithContext(ctx)
	r := &Running{unit: u, addrs: map[string]string{}, schemes: map[string]string{}, stop: cancel, group: group, failed: failed, ready: new(atomic.Bool)}
	var bound []net.Listener
	for _, l := range u.Listeners {
		ln := l.Net
		if ln == nil {
			var err error
			if ln, err = net.Listen("tcp", l.Addr); err != nil {
				for _, b := range bound {
					b.Close()
				}
				cancel()
				return nil, fmt.Errorf("%s: %s listener: %w", u.Name, l.Name, err)
			}
		}
		bound = append(bound, ln)
		r.addrs[l.Name] = ln.Addr().String()
	}
	for i, l := range u.Listeners {
		handler := r.parting(l.Handler)
		if l.Name == Admin {
			handler = r.Admin()
		}
		srv := &http.Server{
			Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
			MaxHeaderBytes: maxHeaderBytes, ErrorLog: u.Telemetry.ServerLog(),
		}
		if l.Multiplex {
			srv.Protocols = new(http.Protocols)
			srv.Protocols.SetHTTP1(true)
			srv.Protocols.SetUnencryptedHTTP2(true)
			srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxShared}
		}
		server, serve := Server(srv), srv.Serve
		switch {
		case l.TLS != nil:
			srv.TLSConfig, r.schemes[l.Name] = l.TLS, "https://"
			serve = func(ln net.Listener) error { return srv.ServeTLS(ln, "", "") }
		case l.Server != nil:
			server = l.Server(srv)
			serve = server.Serve
		}
		r.servers = append(r.servers, server)
		group.Go(func() error { return served(serve(bound[i]), l.Name) })
	}
	for _, t := range u.Tasks {
		group.Go(func() error {
			if err := t.Run(failed); err != nil && failed.Err() == nil {
				return fmt.Errorf("%s: task %s: %w", u.Name, t.Name, err)
			}
			return nil
		})
	}
	r.ready.Store(true)
	return r, nil
}

func served(err error, name string) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("%s server: %w", name, err)
}

// URL is where a listener answers.
func (r *Running) URL(listener string) string {
	return cmp.Or(r.schemes[listener], "http://") + r.addrs[listener]
}

// Failed is closed when a server or task failed, or after Stop.
func (r *Running) Failed() <-chan struct{} { return r.failed.Done() }

// parting has each answer of a component that is stopping say that it is the connection's last.
func (r *Running) parting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !r.ready.Load() {
			w.Header().Set("Connection", "close") // over HTTP/2, net/http says GOAWAY for it
		}
		next.ServeHTTP(w, req)
	})
}

// part turns readiness off and goes on serving for a moment, in which the connections that are used come to their end by
// an answer that says so. Whoever is about to send a request on a connection that Stop closes as it rests cannot tell
// whether the request was acted upon; and a balancer that looks at readiness sends nobody here any more.
func (r *Running) part() {
	r.ready.Store(false)
	select {
	case <-r.Failed(): // nobody is served any more
	case <-time.After(partFor):
	}
}

// Stop turns readiness off, drains, lets requests under way finish, stops the tasks, then closes the Unit. It gives the first
// error, including one that made the Unit fail before.
func (r *Running) Stop(ctx context.Context) error {
	r.ready.Store(false)
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	if r.unit.Drain != nil {
		r.unit.Drain()
	}
	var errs []error
	for _, s := range r.servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, err, s.Close())
		}
	}
	r.stop()
	errs = append(errs, r.wait(ctx))
	if r.unit.Close != nil {
		errs = append(errs, r.unit.Close(ctx))
	}
	errs = append(errs, r.unit.Telemetry.Close(ctx))
	return errors.Join(errs...)
}

// wait gives what the servers and tasks ended with; a task that does not end is left behind when the time is up.
func (r *Running) wait(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- r.group.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: a task did not end in time: %w", r.unit.Name, ctx.Err())
	}
}

// Main runs one Unit until it fails or the process is told to stop. It is all that a component's main needs. Why it ends
// with a failure is its last line.
func Main(name string, build func(context.Context) (Unit, error)) { end(run(name, build)) }

// Prepare builds a Unit, which makes what it needs in its stores, and closes it again: a process of its own does so before
// the first of a new version starts.
func Prepare(name string, build func(context.Context) (Unit, error)) { end(prepare(name, build)) }

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

func prepare(name string, build func(context.Context) (Unit, error)) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	u, err := build(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	u.Telemetry.Log.Info("prepared")
	var closed error
	if u.Close != nil {
		closed = u.Close(ctx)
	}
	return errors.Join(closed, u.Telemetry.Close(ctx))
}

func run(name string, build func(context.Context) (Unit, error)) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	u, err := build(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r, err := Start(u)
	if err != nil {
		return err
	}
	for _, l := range u.Listeners {
		u.Telemetry.Log.Info("listening", "listener", l.Name, "addr", r.addrs[l.Name])
	}
	select {
	case <-ctx.Done():
	case <-r.Failed():
	}
	u.Telemetry.Log.Info("stopping")
	r.part()
	return r.Stop(context.Background())
}
