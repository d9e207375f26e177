// Command vulndb makes the database that govulncheck reads (https://go.dev/doc/security/vuln/database) from Go's
// vulnerability reports in the module golang.org/x/vulndb. So the check needs only the module proxy, and its result is
// reproducible. The module's own generator reads a git repository, which the proxy does not serve.
//
//	vulndb MODULE_DIR INTO_DIR
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// entry contains the used members of a report in the OSV format.
type entry struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Aliases  []string  `json:"aliases,omitempty"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
		Ranges []struct {
			Events []struct {
				Fixed string `json:"fixed,omitempty"`
			} `json:"events"`
		} `json:"ranges"`
	} `json:"affected"`
}

// module is a line of index/modules.json.
type module struct {
	Path  string `json:"path"`
	Vulns []vuln `json:"vulns"`
}

type vuln struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Fixed    string    `json:"fixed,omitempty"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: vulndb MODULE_DIR INTO_DIR")
		os.Exit(2)
	}
	if err := makeDatabase(filepath.Join(os.Args[1], "data", "osv"), os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "vulndb:", err)
		os.Exit(1)
	}
}

// makeDatabase copies the reports of a folder into ID/ of another, and writes its indexes.
func makeDatabase(from, into string) error {
	reports, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil || len(reports) == 0 {
		return errors.Join(err, fmt.Errorf("%s: no reports", from))
	}
	for _, dir := range []string{"ID", "index"} {
		if err := os.MkdirAll(filepath.Join(into, dir), 0o755); err != nil {
			return err
		}
	}
	modules := map[string]*module{}
	entries := make([]entry, len(reports))
	for i, path := range reports {
		content, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(content, &entries[i])
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(into, "ID", filepath.Base(path)), content, fs.FileMode(0o644))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, a := range entries[i].Affected {
			m := modules[a.Package.Name]
			if m == nil {
				m = &module{Path: a.Package.Name}
				modules[m.Path] = m
			}
			v := vuln{entries[i].ID, entries[i].Modified, ""}
			for _, r := range a.Ranges {
				for _, e := range r.Events {
					v.Fixed = max(v.Fixed, e.Fixed) // informational: govulncheck reads the report itself
				}
			}
			m.Vulns = append(m.Vulns, v)
		}
	}
	all := make([]*module, 0, len(modules))
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		all = append(all, modules[path])
	}
	short := make([]map[string]any, len(entries))
	for i, e := range entries {
		short[i] = map[string]any{"id": e.ID, "modified": e.Modified, "aliases": e.Aliases}
	}
	for name, index := range map[string]any{
		"db": map[string]any{"modified": time.Unix(0, 0).UTC()}, "modules": all,
		"vulns": short,
	} {
		content, err := json.Marshal(index)
		if err == nil {
			err = os.WriteFile(filepath.Join(into, "index", name+".json"), content, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
