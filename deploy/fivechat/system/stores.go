package system

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/store/rediskit"
)

// stores are where the services keep things: those that are named, else embedded ones. Embedded ones listen on Unix
// sockets in a folder that only this user can enter: nothing of them is on TCP, where every user of the machine could
// connect.
type stores struct {
	mongoURI string
	redis    rediskit.Config
	close    []func() error
}

func openStores(ctx context.Context, o Options, log *slog.Logger) (s *stores, err error) {
	s = &stores{mongoURI: o.Settings.Service.Mongo.URI, redis: o.Settings.Service.Redis}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.mongoURI != "" && s.redis.URL != "" {
		return s, nil
	}
	sockets, err := s.socketFolder(o.Data)
	if err != nil {
		return s, err
	}
	if s.mongoURI == "" {
		eo := embedmongo.Options{Addr: filepath.Join(sockets, mongoSocket), Logger: log, PurgeAfter: o.PurgeAfter}
		if o.Data != "" {
			eo.Dir = filepath.Join(o.Data, "store")
		}
		m, err := embedmongo.Start(context.WithoutCancel(ctx), eo) // it closes with the system, behind the services
		if err != nil {
			return s, fmt.Errorf("embedded store: %w", err)
		}
		s.mongoURI = m.URI()
		s.close = append(s.close, m.Close)
	}
	if s.redis.URL == "" {
		r, err := StartRedis(filepath.Join(sockets, redisSocket), "")
		if err != nil {
			return s, err
		}
		s.redis.URL = r.URL()
		s.close = append(s.close, r.Close)
	}
	return s, nil
}

const (
	mongoSocket = "mongodb.sock"
	redisSocket = "redis.sock"
	longestPath = 103 // of a Unix socket in bytes, on every system (Linux takes 107)
)

// socketFolder gives the folder of the sockets: the data folder or, when that has too long a path or there is none, a
// folder of its own that is removed at the end.
func (s *stores) socketFolder(data string) (string, error) {
	if data != "" {
		dir, err := filepath.Abs(data)
		if err != nil {
			return "", err
		}
		if len(filepath.Join(dir, mongoSocket)) <= longestPath {
			return dir, nil
		}
	}
	dir, err := os.MkdirTemp("", "fivechat-") // only this user can enter it
	if err != nil {
		return "", err
	}
	s.close = append(s.close, func() error { return os.RemoveAll(dir) })
	return dir, nil
}

// PrivateFolder makes a folder that only this user can enter. If it exists, other users lose their access to it.
func PrivateFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("data folder %s: other users can enter it (mode %04o), and this user cannot change that: %w",
			dir, info.Mode().Perm(), err)
	}
	return nil
}

// Close ends the embedded stores, the last one opened first.
func (s *stores) Close() error {
	var first error
	for i := len(s.close) - 1; i >= 0; i-- {
		if err := s.close[i](); err != nil && first == nil {
			first = err
		}
	}
	s.close = nil
	return first
}
