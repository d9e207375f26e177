// Package gateway is the public edge. It knows the row of every operation, the caller and its permissions, and the service
// that answers. It stores nothing, parses no body that it only forwards, and has no database.
//
// The packages:
//
//   - internal/route is the table of operations.
//   - internal/token, internal/visitor and internal/website resolve the caller and its website, over internal/lookupcache.
//   - internal/limit enforces quotas.
//   - internal/responsecache caches public responses.
//   - internal/proxy forwards requests.
//   - internal/pages serves pages to browsers.
//   - internal/edge combines them. openapi/ is the document.
package gateway
