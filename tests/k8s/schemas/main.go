// Command schemas writes Kubernetes' own description of its objects as strict JSON schemas, one file per kind, as
// kubeconform reads them: schemas SWAGGER OUT. Like the API server, they refuse unknown fields.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

type object = map[string]any

func main() {
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func write(swagger, out string) error {
	b, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var document struct{ Definitions map[string]object }
	if err := json.Unmarshal(b, &document); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	all := object{}
	for name, d := range document.Definitions {
		all[name] = strict(d)
	}
	all["io.k8s.apimachinery.pkg.api.resource.Quantity"] = object{"type": []string{"string", "number"}}
	if err := save(filepath.Join(out, "definitions.json"), object{"definitions": all}); err != nil {
		return err
	}
	for name, d := range document.Definitions {
		kinds, _ := d["x-kubernetes-group-version-kind"].([]any)
		if len(kinds) != 1 { // a kind in several groups, like DeleteOptions, is no object
			continue
		}
		k := kinds[0].(object)
		if err := save(filepath.Join(out, fileOf(k)), one(all[name].(object), k)); err != nil {
			return err
		}
	}
	return nil
}

// one returns the schema of one kind, with the kind as a constant.
func one(schema, kind object) object {
	version := kind["version"].(string)
	if g := kind["group"].(string); g != "" {
		version = g + "/" + version
	}
	properties := object{}
	if p, is := schema["properties"].(object); is {
		for name, s := range p {
			properties[name] = s
		}
	}
	properties["apiVersion"], properties["kind"] = object{"const": version}, object{"const": kind["kind"]}
	s := object{}
	for k, v := range schema {
		s[k] = v
	}
	s["properties"] = properties
	return s
}

// fileOf returns the name that kubeconform looks for: the kind, the first part of its group, and its version.
func fileOf(kind object) string {
	parts := []string{strings.ToLower(kind["kind"].(string))}
	if g, _, _ := strings.Cut(kind["group"].(string), "."); g != "" {
		parts = append(parts, g)
	}
	return strings.Join(append(parts, kind["version"].(string)), "-") + ".json"
}

// strict makes references local, closes objects, and allows a number where either a number or a string is accepted.
func strict(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = strict(e)
		}
		return out
	case object:
		if v["format"] == "int-or-string" {
			return object{"type": []string{"string", "integer"}}
		}
		out := object{}
		for k, e := range v {
			switch {
			case k == "$ref":
				out[k] = "definitions.json" + e.(string)
			case k == "properties": // names of fields, not keywords of the schema
				fields := object{}
				for name, f := range e.(object) {
					fields[name] = strict(f)
				}
				out[k] = fields
			default:
				out[k] = strict(e)
			}
		}
		if _, has := out["properties"]; has && out["additionalProperties"] == nil {
			out["additionalProperties"] = false
		}
		return out
	default:
		return v
	}
}

func save(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
