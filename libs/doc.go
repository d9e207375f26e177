// Package libs has no code. Its folders are layers; each may import the ones below it and nothing above:
//
//	process    runner, config, servicekit: starts and stops a component and builds what every service needs
//	   │
//	store      mongokit, rediskit, outbox, feed, transient, changefeed, idempotency, rowcount, datasubject,
//	   │       ratelimit
//	   │
//	transport  operation, httpkit: use cases with types, and how they are carried over HTTP
//	   │
//	observe    telemetry: log, metrics and traces of one component
//	   │
//	kernel     fault, tenant, id, subject, identity, authz, paging, version, searchterms, optional,
//	           storagequota, largeread, publictoken, timestamp
//
// The store layer is above transport because four of its packages are protocols between services: outbox, datasubject,
// idempotency and changefeed each keep rows and serve or call operations over HTTP. Splitting each into a stored and a
// served half would separate code that changes together. The kernel has no I/O. It includes storagequota and largeread:
// both only decide whether a request may continue, and both are needed by layers that don't know one another (the
// domain and the gateway; httpkit and mongokit).
//
// A service's domain may import the kernel and nothing else of libs. The gateway uses rediskit and ratelimit of the
// store layer, and no database driver. tests/arch holds these rules.
//
// Beside the layers are modules of their own, which import none of them: client (Go), web (TypeScript) and embedmongo
// (a MongoDB-compatible server inside a Go program). The tests of the store layer use embedmongo, through
// store/internal/storetest; no package of libs needs it to run.
package libs
