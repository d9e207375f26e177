package embedmongo

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"fivechat.dev/libs/embedmongo/internal/command"
	"fivechat.dev/libs/embedmongo/internal/store"
	"fivechat.dev/libs/embedmongo/internal/wire"
)

// Options configure where a server keeps its data and where it listens.
type Options struct {
	// Dir is the folder of the database; "" keeps everything in memory.
	Dir string
	// Addr is the TCP address to listen on, or the absolute path of a Unix
	// socket; its name ends with ".sock". "" means a free port on loopback.
	Addr string
	// User and Password are the credentials of clients, by SCRAM-SHA-256. Without a password there is no
	// authentication: every client that reaches Addr can read and change everything.
	User, Password string
	// PurgeAfter is the delay between purgeDeleted and the removal of deleted data from the files; 0 means 4 minutes.
	// Tests shorten it.
	PurgeAfter time.Duration
	// FailPoints allows the command configureFailPoint, by which a test makes commands fail. Without it the command
	// doesn't exist (59 CommandNotFound).
	FailPoints bool
	// QueryLog is called with each query when its documents have been read, concurrently. A test learns from it which
	// index a query used, and how many keys it examined. It must not wait. Nil means none.
	QueryLog func(ExecutedQuery)
	// Logger receives errors; nil means slog.Default.
	Logger *slog.Logger
}

// ExecutedQuery reports how the documents of one query were found.
type ExecutedQuery = command.ExecutedQuery

// maxConns bounds the connections served at once.
const maxConns = 4096

// Server is a running server.
type Server struct {
	listener net.Listener
	engine   *store.Engine
	commands *command.Server
	log      *slog.Logger
	ctx      context.Context
	cancel   context.CancelFunc

	mu      sync.Mutex
	closed  bool
	conns   map[net.Conn]struct{}
	running sync.WaitGroup
	stop    func() bool
}

// Start opens the database and serves it until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	var auth *command.Authenticator
	if o.Password != "" {
		var err error
		if auth, err = command.NewAuthenticator(o.User, o.Password); err != nil {
			return nil, err
		}
	}
	engine, err := store.Open(o.Dir, o.Logger)
	if err != nil {
		return nil, err
	}
	listener, err := Listen(o.Addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("embedmongo: %w", err), engine.Close())
	}
	s := &Server{listener: listener, engine: engine, log: o.Logger, conns: map[net.Conn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.commands = command.New(engine, o.Logger, command.Config{ //nolint:contextcheck // its maintenance ends with Close
		Addr:       s.Addr(),
		Auth:       auth,
		PurgeAfter: cmp.Or(o.PurgeAfter, command.PurgeAfter),
		FailPoints: o.FailPoints,
		QueryLog:   o.QueryLog,
	})
	s.running.Add(1)
	go s.accept()
	s.stop = context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// Addr returns the address, or the path of the socket, that the server listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URI returns the connection string for MongoDB drivers, without user and password.
func (s *Server) URI() string {
	return "mongodb://" + url.PathEscape(s.Addr()) + "/?directConnection=true&replicaSet=" + command.SetName
}

// Close ends all connections and transactions and closes the database.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.running.Wait()
		return nil
	}
	s.closed = true
	err := s.listener.Close()
	s.cancel()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.stop()
	s.running.Wait()
	s.commands.Close()
	return errors.Join(err, s.engine.Close())
}

func (s *Server) accept() {
	defer s.running.Done()
	for {
		c, err := s.listener.Accept()
		if err != nil {
			if s.ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				s.log.Error("accept failed", "error", err)
				continue
			}
			return
		}
		s.mu.Lock()
		if s.closed || len(s.conns) >= maxConns {
			s.mu.Unlock()
			_ = c.Close()
			continue
		}
		s.conns[c] = struct{}{}
		s.running.Add(1)
		s.mu.Unlock()
		go s.serve(c)
	}
}

func (s *Server) serve(c net.Conn) {
	defer s.running.Done()
	conn := s.commands.Connect()
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close()
		conn.Close()
	}()
	r, w := bufio.NewReaderSize(c, 16<<10), bufio.NewWriterSize(c, 16<<10)
	for {
		m, err := wire.Read(r, conn.MaxMessage())
		if err != nil {
			return
		}
		reply := conn.Handle(s.ctx, m)
		if reply == nil {
			return
		}
		if m.NoReply {
			continue
		}
		if err := wire.Reply(w, m, reply); err != nil {
			return
		}
	}
}
