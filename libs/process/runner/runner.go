// Package runner starts and stops a component. A Unit describes the component: its listeners, background tasks and
// dependencies. The same Unit runs in its own process, or beside other components in one process. Stop is graceful: it
// waits for requests in progress.
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

	// The machine may have no certificate authorities: images hold nothing but the program.
	_ "golang.org/x/crypto/x509roots/fallback"
	"golang.org/x/sync/errgroup"

	"fivechat.dev/libs/observe/telemetry"
)

// The bounds of a server. Slow clients are cut off. Stop waits up to drainTimeout for requests in progress.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 60 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 32 << 10
	drainTimeout      = 25 * time.Second
	closePause        = time.Second // see drainConnections
	maxStreams        = 100         // per HTTP/2 connection: few enough that a load balancer can spread requests
)

// Listener is an address and its handler. If Net is set, it is the listener, already bound.
type Listener struct {
	Name    string // "http", "admin", "operator"
	Addr    string
	Net     net.Listener
	Handler http.Handler
	TLS     *tls.Config               // if set, the listener speaks TLS
	Server  func(*http.Server) Server // if set, returns the server to use in place of the standard one; not with TLS
	// Multiplex enables HTTP/2 without TLS: many requests share a connection. Use it between services only, not for
	// clients from the internet.
	Multiplex bool
}

// Server serves a listener, as a *http.Server does.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
	Close() error
}

// Task runs in the background until its context ends. If it returns an error before that, the component stops.
type Task struct {
	Name string
	Run  func(context.Context) error
}

// Unit describes a component. Uses maps the name of each dependency to a function that checks it. Ready reports
// whether the component can take requests, Drain ends responses that wouldn't end by themselves (streams), and Close
// releases the component's resources. Prepare makes its stores ready for a new version, and Begin
// refuses to start. These functions may be nil.
type Unit struct {
	Name      string
	Telemetry *telemetry.Telemetry
	Listeners []Listener
	Access    AdminAccess // applies to the listener Admin
	Tasks     []Task
	Uses      map[string]func(context.Context) error
	Prepare   func(context.Context) error
	Begin     func(context.Context) error
	Ready     func(context.Context) error
	Drain     func()
	Close     func(context.Context) error
}

// Running is a started Unit.
type Running struct {
	unit    Unit
	addrs   map[string]string
	schemes map[string]string // of listeners other than http
	servers []Server
	stop    context.CancelFunc
	group   *errgroup.Group
	failed  context.Context
	ready   *atomic.Bool
}

// beginTimeout is the deadline of Unit.Begin.
const beginTimeout = 30 * time.Second

// Start binds every listener, then serves and runs the tasks. If it returns an error, nothing keeps running.
func Start(u Unit) (*Running, error) {
	if u.Begin != nil {
		ctx, cancel := context.WithTimeout(context.Background(), beginTimeout)
		err := u.Begin(ctx)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", u.Name, err)
		}
	}
	if len(u.Uses) > 0 {
		t, err := watchDependencies(u)
		if err != nil {
			return nil, err
		}
		u.Tasks = append(slices.Clone(u.Tasks), t)
	}
	ctx, cancel := context.WithCancel(context.Background())
	group, failed := errgroup.WithContext(ctx)
	r := &Running{
		unit:    u,
		addrs:   map[string]string{},
		schemes: map[string]string{},
		stop:    cancel,
		group:   group,
		failed:  failed,
		ready:   new(atomic.Bool),
	}
	bound, err := r.bind()
	if err != nil {
		cancel()
		return nil, err
	}
	for i, l := range u.Listeners {
		server, serve := r.server(l)
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

// bind binds the unit's listeners. If it returns an error, it has closed the ones that it bound.
func (r *Running) bind() ([]net.Listener, error) {
	var bound []net.Listener
	for _, l := range r.unit.Listeners {
		ln := l.Net
		if ln == nil {
			var err error
			if ln, err = net.Listen("tcp", l.Addr); err != nil {
				for _, b := range bound {
					b.Close()
				}
				return nil, fmt.Errorf("%s: %s listener: %w", r.unit.Name, l.Name, err)
			}
		}
		bound = append(bound, ln)
		r.addrs[l.Name] = ln.Addr().String()
	}
	return bound, nil
}

// server returns the server of a listener, and the method that makes it serve.
func (r *Running) server(l Listener) (Server, func(net.Listener) error) {
	handler := r.closeAfterResponse(l.Handler)
	if l.Name == Admin {
		handler = r.Admin()
	}
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          r.unit.Telemetry.ServerLog(),
	}
	if l.Multiplex {
		srv.Protocols = new(http.Protocols)
		srv.Protocols.SetHTTP1(true)
		srv.Protocols.SetUnencryptedHTTP2(true)
		srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams}
	}
	switch {
	case l.TLS != nil:
		srv.TLSConfig, r.schemes[l.Name] = l.TLS, "https://"
		return srv, func(ln net.Listener) error { return srv.ServeTLS(ln, "", "") }
	case l.Server != nil:
		server := l.Server(srv)
		return server, server.Serve
	}
	return srv, srv.Serve
}

// served returns the error that a server ended with, or nil if it was shut down.
func served(err error, name string) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("%s server: %w", name, err)
}

// URL returns the base URL of a listener.
func (r *Running) URL(listener string) string {
	return cmp.Or(r.schemes[listener], "http://") + r.addrs[listener]
}

// Failed returns a channel that is closed when a server or task fails, and by Stop.
func (r *Running) Failed() <-chan struct{} { return r.failed.Done() }

// closeAfterResponse closes each connection after its next response while the component is stopping.
func (r *Running) closeAfterResponse(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !r.ready.Load() {
			w.Header().Set("Connection", "close") // over HTTP/2, net/http sends GOAWAY for it
		}
		next.ServeHTTP(w, req)
	})
}

// drainConnections turns readiness off and keeps serving for closePause. Connections in use end with a response that
// says so. Otherwise Stop would close idle connections, and a client that has just sent a request on one can't know
// whether it was processed. Load balancers that check readiness stop sending requests here.
func (r *Running) drainConnections() {
	r.ready.Store(false)
	select {
	case <-r.Failed(): // no server runs any more
	case <-time.After(closePause):
	}
}

// Stop shuts the component down gracefully: it turns readiness off, drains streams, waits for requests in progress,
// stops the tasks, then closes the Unit. It returns all errors, including one that made the Unit fail before.
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

// wait returns the error of the servers and tasks. It gives up on a task that doesn't end before ctx does.
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

// Main runs one Unit until it fails or the process gets SIGINT or SIGTERM. It is the whole main function of a
// component. On failure the last line on standard error is the reason.
func Main(name string, build func(context.Context) (Unit, error)) { end(run(name, build)) }

// Prepare builds a Unit, calls its Prepare, which creates collections and indexes in its stores, and closes it again. A
// deployment runs it as its own process before the first process of a new version.
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
	if u.Prepare != nil {
		err = u.Prepare(ctx)
	}
	if err == nil {
		u.Telemetry.Log.Info("prepared")
	}
	if u.Close != nil {
		err = errors.Join(err, u.Close(ctx))
	}
	return errors.Join(err, u.Telemetry.Close(ctx))
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
	r.drainConnections()
	return r.Stop(context.Background())
}
