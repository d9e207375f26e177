// Package fuzz makes requests out of an OpenAPI document: good ones, and ones with exactly one fault, which the document
// says will be refused. Whoever sends them learns whether the answer is one that the document allows.
//
// It is written by hand because the known tools are programs of other languages that ask a server from outside: they know
// neither which objects exist nor which faults a body can have that a schema cannot tell, and a test could not run them
// with nothing but Go. What draws, shrinks and repeats is rapid; what reads the document is kin-openapi; what an answer is
// held against is the same check that every other test's answers go through.
package fuzz
