package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/libs/config"
)

type settings struct {
	Addr  string `env:"ADDR"`
	Inner struct {
		Secret string `env:"SECRET"`
	}
	Plain string
}

// These tests set environment variables, so they do not run in parallel.

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("X_ADDR", ":1")
	t.Setenv("X_SECRET_FILE", file)
	t.Setenv("SOMEBODY_ELSES_FILE", "/not/there")
	t.Setenv("X_NOT_OURS_FILE", "/not/there")
	got, err := config.Load("X_", settings{Addr: ":0", Plain: "kept"})
	if err != nil {
		t.Fatal(err)
	}
	want := settings{Addr: ":1", Plain: "kept"}
	want.Inner.Secret = "from file"
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLoadPrefersTheVariableItself(t *testing.T) {
	t.Setenv("X_SECRET", "from variable")
	t.Setenv("X_SECRET_FILE", "/not/there")
	got, err := config.Load("X_", settings{})
	if err != nil || got.Inner.Secret != "from variable" {
		t.Errorf("got %q, %v", got.Inner.Secret, err)
	}
}

func TestLoadNamesTheVariableWhoseFileIsNotThere(t *testing.T) {
	t.Setenv("X_SECRET_FILE", "/not/there")
	if _, err := config.Load("X_", settings{}); err == nil || !strings.Contains(err.Error(), "X_SECRET_FILE") {
		t.Errorf("got %v", err)
	}
}
