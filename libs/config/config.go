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

// Load overlays defaults with environment variables. A field tagged `env:"NAME"` is read from prefix+NAME; where
// prefix+NAME_FILE is set instead, from that file's content without its last line break. An error names the variable.
func Load[T any](prefix string, defaults T) (T, error) {
	environ := env.ToMap(os.Environ())
	for name, path := range environ {
		base, isFile := strings.CutSuffix(name, "_FILE")
		if !isFile || !strings.HasPrefix(name, prefix) || environ[base] != "" {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return defaults, fmt.Errorf("config: %s: %w", name, err)
		}
		environ[base] = strings.TrimRight(string(b), "\r\n")
	}
	c := defaults
	if err := env.ParseWithOptions(&c, env.Options{Prefix: prefix, Environment: environ}); err != nil {
		return defaults, fmt.Errorf("config: %w", err)
	}
	if v, ok := any(c).(Validator); ok {
		if err := v.Validate(); err != nil {
			return defaults, fmt.Errorf("config: %s*: %w", prefix, err)
		}
	}
	return c, nil
}
