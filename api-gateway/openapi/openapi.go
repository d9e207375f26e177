// Package openapi contains the document that describes the public API (JSON). Its source is the YAML files of this
// folder. The command bundle merges them into openapi.json, which the gateway serves and clients are generated from
// (`make generate`); it is committed.
//
// The operator's API isn't part of the document.
package openapi

import _ "embed"

// JSON is the document, OpenAPI 3.1.
//
//go:embed openapi.json
var JSON []byte
