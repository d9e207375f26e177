package system

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"fivechat.dev/libs/embedmongo"
)

// stores are where the services keep things: those that are named, else embedded ones.
type stores struct {
	mongoURI, redisURL string
	close              []func() error
}

func openStores(ctx context.Context, o Options, log *slog.Logger) (*stores, error) {
	s := &stores{mongoURI: o.MongoURI, redisURL: o.RedisURL}
	if s.mongoURI == "" {
		eo := embedmongo.Options{Logger: log}
		if o.Data != "" {
			eo.Dir = filepath.Join(o.Data, "store")
		}
		m, err := embedmongo.Start(context.WithoutCancel(ctx), eo) // it closes with the system, behind the services
		if err != nil {
			return nil, fmt.Errorf("embedded store: %w", err)
		}
		s.mongoURI = m.URI()
		s.close = append(s.close, m.Close)
	}
	if s.redisURL == "" {
		r, err := StartRedis("127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		s.redisURL = r.URL()
		s.close = append(s.close, func() error { r.Close(); return nil })
	}
	return s, nil
}

// Close ends the embedded stores, the last one opened first.
func (s *stores) Close() error {
	var first error
	for i := len(s.close) - 1; i >= 0; i-- {
		if err := s.close[i](); err != nil && first == nil {
			first = err
		}
	}
	return first
}
