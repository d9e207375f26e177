// Package tests contains the tests that use the system from outside, through its public edge: contract (every
// documented operation), fuzz (requests generated from the OpenAPI document), isolation (one website never sees
// another), journeys (end-to-end scenarios), processes (the same journeys with seven separate processes), and load
// (user requests at a steady rate, and their cost). arch checks the directions of imports.
//
// The tests of a package share one system in memory, and each creates its own websites, so that they run in parallel.
// FIVECHAT_URL, FIVECHAT_OPERATOR_URL and FIVECHAT_OPERATOR_KEY point them at a running system instead.
package tests
