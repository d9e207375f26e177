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
	c := defaults
	environ := env.ToMap(os.Environ())
	options := env.Options{Prefix: prefix, Environment: environ}
	fields, err := env.GetFieldParamsWithOptions(&c, options)
	if err != nil {
		return defaults, fmt.Errorf("config: %w", err)
	}
	for _, f := range fields { // only ours: the environment holds other programs' *_FILE too
		path := environ[f.Key+"_FILE"]
		if path == "" || environ[f.Key] != "" {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return defaults, fmt.Errorf("config: %s_FILE: %w", f.Key, err)
		}
		environ[f.Key] = strings.TrimRight(string(b), "\r\n")
	}
	if err := env.ParseWithOptions(&c, options); err != nil {
		return defaults, fmt.Errorf("config: %w", err)
	}
	if v, ok := any(c).(Validator); ok {
		if err := v.Validate(); err != nil {
			return defaults, fmt.Errorf("config: %s*: %w", prefix, err)
		}
	}
	return c, nil
}
