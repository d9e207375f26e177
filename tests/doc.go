// Package tests holds what looks at the system from outside, through its public edge: contract (every documented
// operation), fuzz (requests made of the OpenAPI document), isolation (one website never sees another), journeys (what
// people do, from end to end), processes (the same journeys over seven separate processes), load (what users ask, at a
// steady rate, and what that costs); and arch, which holds the directions of imports.
//
// The tests of a package share one system in memory, and each makes websites of its own, so that they run side by side.
// FIVECHAT_URL, FIVECHAT_OPERATOR_URL and FIVECHAT_OPERATOR_KEY point them at a running system instead.
package tests
