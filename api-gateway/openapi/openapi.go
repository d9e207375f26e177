// Package openapi is the document that describes the public edge. Its source is the YAML files of this folder; the
// bundle of them, which clients are made of and the edge serves, is made by bundle (see `make generate`) and committed.
package openapi

import _ "embed"

// JSON is the document, OpenAPI 3.1.
//
//go:embed openapi.json
var JSON []byte
