package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/libs/process/config"
)

type settings struct {
	Name   string `env:"CONFIG_TEST_NAME"`
	Secret string `env:"CONFIG_TEST_SECRET"`
	Nested struct {
		Ratio float64 `env:"CONFIG_TEST_RATIO"`
	}
}

func (s settings) Validate() error {
	if s.Name == "bad" {
		return errors.New("CONFIG_TEST_NAME must not be bad")
	}
	return nil
}

func TestLoad(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONFIG_TEST_SECRET_FILE", secret)
	t.Setenv("CONFIG_TEST_RATIO", "0.5")
	got, err := config.Load(settings{Name: "default"})
	if err != nil || got.Name != "default" || got.Secret != "hush" || got.Nested.Ratio != 0.5 {
		t.Fatalf("%+v, %v", got, err)
	}
	t.Setenv("CONFIG_TEST_SECRET", "direct")
	if got, _ = config.Load(settings{}); got.Secret != "direct" {
		t.Fatalf("the variable itself comes before its file: %+v", got)
	}
	for name, value := range map[string]string{"CONFIG_TEST_RATIO": "half", "CONFIG_TEST_NAME": "bad"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			field := map[string]string{"CONFIG_TEST_RATIO": "Ratio"}[name]
			_, err := config.Load(settings{})
			if err == nil || !strings.Contains(err.Error(), field) && !strings.Contains(err.Error(), name) {
				t.Fatalf("the error must name what is wrong: %v", err)
			}
		})
	}
	t.Setenv("CONFIG_TEST_SECRET", "")
	t.Setenv("CONFIG_TEST_SECRET_FILE", secret+".gone")
	if _, err := config.Load(settings{}); err == nil || !strings.Contains(err.Error(), "CONFIG_TEST_SECRET_FILE") {
		t.Fatalf("a missing file must be named: %v", err)
	}
}
