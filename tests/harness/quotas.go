package harness

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
)

// GenerousQuotas writes a quota file into a folder and returns its path. Its rate limits are so high that ordinary
// tests don't reach them, although all their requests come from one address within seconds. Classes that without names
// keep their defaults: a gateway of a version that doesn't know a class refuses the file.
func GenerousQuotas(dir string, without ...string) (string, error) {
	plenty := Map{"requests": 1_000_000, "seconds": 60}
	plan, addresses := Map{}, Map{}
	for _, class := range []string{"read", "write", "import", "visitor", "stream", "upload"} {
		if !slices.Contains(without, class) {
			plan[class] = Map{"caller": plenty, "website": plenty}
		}
	}
	for _, class := range []string{
		"session", "public", "settings", "health", "page", "operator", "export", "signIn", "file",
	} {
		if !slices.Contains(without, class) {
			addresses[class] = plenty
		}
	}
	content, err := json.Marshal(Map{
		"plans": Map{"FREE": plan, "PRO": plan}, "addresses": addresses,
		"failures": Map{"address": plenty, "prefix": plenty},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "quotas.json")
	return path, os.WriteFile(path, content, 0o600)
}
