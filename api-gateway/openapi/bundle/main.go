// Command bundle generates, of the YAML files of a folder:
//
//   - openapi.json, the document as clients read it. openapi.yaml has the shared part, each other file is an area. The
//     paths and components of all areas are merged; none may occur twice.
//   - the gateway's route table, of the extension x-edge of operations (routes.go).
//   - libs/contract, the Go client's decoder of events, and the table in docs/api/events.md, of the extension x-event
//     of schemas (events.go).
//   - the table of roles in docs/api/authentication.md.
//
// Refusals, headers and notes that follow from an operation's parameters are added here (complete.go), so that no area
// repeats them. The extensions aren't in the bundle.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

type object = map[string]any

// outputs are the paths of the generated files.
type outputs struct {
	document, routes, contract, client string
	page, roles                        string // they exist, and have more than what is generated
}

func main() {
	if len(os.Args) != 8 {
		fmt.Fprintln(os.Stderr, "usage: bundle FOLDER DOCUMENT.json ROUTES.go CONTRACT.go CLIENT.go EVENTS.md ROLES.md")
		os.Exit(2)
	}
	a := os.Args
	if err := run(a[1], outputs{a[2], a[3], a[4], a[5], a[6], a[7]}); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func run(folder string, to outputs) error {
	doc, err := bundle(folder)
	if err != nil {
		return err
	}
	roles, err := pageWith(to.roles, "roles", roleTable(doc)) // before the extensions are removed
	if err != nil {
		return err
	}
	table, err := routeTable(doc)
	if err != nil {
		return err
	}
	named, err := readSchemas(folder)
	if err != nil {
		return err
	}
	all, err := named.events()
	if err != nil {
		return err
	}
	completeEvents(doc, all)
	types, err := contractSource(named, all)
	if err != nil {
		return err
	}
	decoder, err := clientSource(all)
	if err != nil {
		return err
	}
	events, err := pageWith(to.page, "events", eventTable(all))
	if err != nil {
		return err
	}
	document, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		to.document: append(document, '\n'),
		to.routes:   table,
		to.contract: types,
		to.client:   decoder,
		to.page:     []byte(events),
		to.roles:    []byte(roles),
	} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pageWith returns a page with a generated table.
func pageWith(path, name, table string) (string, error) {
	page, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text, err := withTable(string(page), name, table)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

func bundle(folder string) (object, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	doc := object{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var area object
		if err := yaml.Unmarshal(b, &area); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := defaultService(area); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := add(doc, area); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	paths, _ := doc["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if err := complete(doc, path, paths[path].(object)); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// add merges the paths and components of an area into doc.
func add(doc, area object) error {
	for name, v := range area {
		inner, isObject := v.(object)
		switch {
		case name == "paths" && isObject:
			if err := join(doc, name, inner); err != nil {
				return err
			}
		case name == "components" && isObject:
			if doc[name] == nil {
				doc[name] = object{}
			}
			for kind, members := range inner {
				if err := join(doc[name].(object), kind, members.(object)); err != nil {
					return err
				}
			}
		case doc[name] != nil:
			return fmt.Errorf("%s is defined twice", name)
		default:
			doc[name] = v
		}
	}
	return nil
}

// join adds members to the member of doc with a name. Each may occur once.
func join(doc object, name string, members object) error {
	if doc[name] == nil {
		doc[name] = object{}
	}
	into := doc[name].(object)
	for k, v := range members {
		if into[k] != nil {
			return fmt.Errorf("%s.%s is defined twice", name, k)
		}
		into[k] = v
	}
	return nil
}
