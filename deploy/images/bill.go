package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"strings"
)

// The parts of an SPDX 2.3 document that a list of Go modules fills.
type (
	bill struct {
		Version     string         `json:"spdxVersion"`
		License     string         `json:"dataLicense"`
		ID          string         `json:"SPDXID"`
		Name        string         `json:"name"`
		Namespace   string         `json:"documentNamespace"`
		Creation    creation       `json:"creationInfo"`
		Packages    []material     `json:"packages"`
		Relations   []relationship `json:"relationships"`
		DescribesID []string       `json:"documentDescribes"`
	}
	creation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	material struct {
		ID         string     `json:"SPDXID"`
		Name       string     `json:"name"`
		Version    string     `json:"versionInfo,omitempty"`
		Location   string     `json:"downloadLocation"`
		Analyzed   bool       `json:"filesAnalyzed"`
		References []external `json:"externalRefs,omitempty"`
	}
	external struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	relationship struct {
		Element string `json:"spdxElementId"`
		Type    string `json:"relationshipType"`
		Related string `json:"relatedSpdxElement"`
	}
)

// none is how SPDX says that something is not claimed.
const none = "NOASSERTION"

// billOf reads a program's software bill of materials from the program itself: its modules and the Go version that
// built it.
func billOf(program, n, version string) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("bill of materials: %w", err)
	}
	const root = "SPDXRef-program"
	b := bill{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: n,
		Creation:    creation{Created: "1970-01-01T00:00:00Z", Creators: []string{"Tool: fivechat-images"}},
		Packages:    []material{{ID: root, Name: info.Path, Version: version, Location: none}},
		DescribesID: []string{root},
	}
	add := func(path, version string) {
		id := fmt.Sprintf("SPDXRef-module-%d", len(b.Packages))
		m := material{ID: id, Name: path, Version: version, Location: none}
		if strings.HasPrefix(version, "v") {
			m.References = []external{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + path + "@" + version}}
		}
		b.Packages = append(b.Packages, m)
		b.Relations = append(b.Relations, relationship{root, "DEPENDS_ON", id})
	}
	add("stdlib", strings.TrimPrefix(info.GoVersion, "go"))
	for _, m := range info.Deps {
		if m.Replace != nil && m.Replace.Version != "" { // else it is a module of this repository, under its own name
			m = m.Replace
		}
		add(m.Path, m.Version)
	}
	b.Namespace = fmt.Sprintf("urn:fivechat:%s:%x", n, sha256.Sum256(fmt.Appendf(nil, "%+v", b)))
	return json.MarshalIndent(b, "", " ")
}
