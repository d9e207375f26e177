package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// schema is the part of a JSON schema that generated types depend on.
type schema struct {
	Ref         string    `yaml:"$ref"`
	Types       oneOrSome `yaml:"type"`
	Format      string    `yaml:"format"`
	Pattern     string    `yaml:"pattern"`
	Const       string    `yaml:"const"`
	Description string    `yaml:"description"`
	Enum        []string  `yaml:"enum"`
	Required    []string  `yaml:"required"`
	Items       *schema   `yaml:"items"`
	Properties  members   `yaml:"properties"`
	Event       *facts    `yaml:"x-event"`
	View        *view     `yaml:"x-view"`
}

// oneOrSome is a list, which YAML writes without brackets if it has one element.
type oneOrSome []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *oneOrSome) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*o = []string{n.Value}
		return nil
	}
	return n.Decode((*[]string)(o))
}

// members are the properties of an object, in the order of the document.
type members []member

type member struct {
	name string
	schema
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *members) UnmarshalYAML(n *yaml.Node) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag == "!!merge" {
			if err := n.Content[i+1].Decode(m); err != nil {
				return err
			}
			continue
		}
		one := member{name: n.Content[i].Value}
		if err := n.Content[i+1].Decode(&one.schema); err != nil {
			return err
		}
		*m = append(*m, one)
	}
	return nil
}

// find returns the member that has a name.
func (m members) find(name string) (member, bool) {
	i := slices.IndexFunc(m, func(one member) bool { return one.name == name })
	if i < 0 {
		return member{}, false
	}
	return m[i], true
}

// schemas are the schemas of all areas. A schema is decoded when it is needed.
type schemas struct {
	nodes map[string]*yaml.Node
	names []string // in the order of the document
}

const schemaPath = "#/components/schemas/"

// readSchemas reads the schemas of the YAML files of a folder.
func readSchemas(folder string) (schemas, error) {
	all := schemas{nodes: map[string]*yaml.Node{}}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return all, err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return all, err
		}
		var area struct {
			Components struct{ Schemas yaml.Node }
		}
		if err := yaml.Unmarshal(b, &area); err != nil {
			return all, fmt.Errorf("%s: %w", file, err)
		}
		found := area.Components.Schemas.Content
		for i := 0; i+1 < len(found); i += 2 {
			all.names = append(all.names, found[i].Value)
			all.nodes[found[i].Value] = found[i+1]
		}
	}
	return all, nil
}

// get returns the schema that has a name.
func (s schemas) get(name string) (schema, error) {
	n, there := s.nodes[name]
	if !there {
		return schema{}, fmt.Errorf("there is no schema %s", name)
	}
	var found schema
	if err := n.Decode(&found); err != nil {
		return schema{}, fmt.Errorf("schema %s: %w", name, err)
	}
	return found, nil
}

// resolve returns the schema that a reference points to, with its name, or the schema itself.
func (s schemas) resolve(one schema) (found schema, name string, err error) {
	if one.Ref == "" {
		return one, "", nil
	}
	name = strings.TrimPrefix(one.Ref, schemaPath)
	found, err = s.get(name)
	return found, name, err
}

// decodeStrictly decodes an extension, which may have known members only.
func decodeStrictly(n *yaml.Node, into any) error {
	b, err := yaml.Marshal(n)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	return d.Decode(into)
}
