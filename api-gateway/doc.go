// Package gateway is the public entry point of the system, also called the edge. For each request it finds the row of
// the route table, resolves the caller, checks permission and quotas, and forwards the request to a service.
//
// Begin with route.Route (internal/route), which says who may call an operation and which service responds, and with
// Edge.serve (internal/edge), which has the order of the checks. The other packages:
//
//   - internal/token, internal/visitor and internal/website resolve callers and websites, over internal/lookupcache.
//   - internal/quota spends quotas; internal/share divides memory and concurrency among callers.
//   - internal/responsecache caches public responses; internal/proxy forwards; internal/pages serves files to browsers.
//   - internal/front serves plain HTTP/1.1 connections; app puts everything together; openapi/ has the API's document.
//
// The gateway stores nothing and has no database. It doesn't parse bodies that it forwards, and contains no business
// rule: those belong to the services.
package gateway
