// Package config fills a component's Config: defaults in code, the environment over them, secrets from files where the
// environment names one, and everything validated before anything connects.
package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Validator is what a Config may implement to refuse what cannot work.
type Validator interface{ Validate() error }

// Load overlays defaults with environment variables. A field tagged `env:"NAME"` is read from NAME; where NAME_FILE is
// set instead, from that file's content without its last line break. An error names the variable.
func Load[T any](defaults T) (T, error) {
	c := defaults
	environ := env.ToMap(os.Environ())
	params, err := env.GetFieldParams(&c)
	if err != nil {
		return defaults, fmt.Errorf("config: %w", err)
	}
	for _, p := range params {
		path := environ[p.Key+"_FILE"]
		if p.Key == "" || path == "" || environ[p.Key] != "" {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return defaults, fmt.Errorf("config: %s_FILE: %w", p.Key, err)
		}
		environ[p.Key] = strings.TrimRight(string(b), "\r\n")
	}
	if err := env.ParseWithOptions(&c, env.Options{Environment: environ}); err != nil {
		return defaults, fmt.Errorf("config: %w", err)
	}
	if v, ok := any(c).(Validator); ok {
		if err := v.Validate(); err != nil {
			return defaults, fmt.Errorf("config: %w", err)
		}
	}
	return c, nil
}
