package system

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// secrets are what an installation makes up once and keeps.
type secrets struct {
	OperatorKey  string `json:"operatorKey"`
	AssertionKey string `json:"assertionKey"`
	SecretKey    string `json:"secretKey"`
}

// loadSecrets reads the secrets of a data folder, and generates those that it lacks. Without a folder they live as long
// as the process.
func loadSecrets(dir string) (secrets, error) {
	s := secrets{
		OperatorKey:  "5o_" + rand.Text() + rand.Text(),
		AssertionKey: rand.Text() + rand.Text(),
		SecretKey:    rand.Text() + rand.Text(),
	}
	if dir == "" {
		return s, nil
	}
	path := filepath.Join(dir, "secrets.json")
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(b, &s); err != nil {
			return s, fmt.Errorf("%s: %w", path, err)
		}
		if bytes.Contains(b, []byte(`"secretKey"`)) {
			return s, nil
		}
	case !errors.Is(err, fs.ErrNotExist):
		return s, err
	}
	return s, WriteJSON(path, s)
}

// WriteJSON writes v for its owner's eyes only, whole or not at all.
func WriteJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
