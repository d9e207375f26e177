// Package fuzz generates requests from an OpenAPI document: valid ones, and ones with exactly one fault, which the
// document says will be refused. The caller learns whether a response is allowed by the document.
//
// It is written by hand because the known tools are programs in other languages that send requests from outside. They
// know neither which objects exist nor which faults of a body a schema cannot express, and a test could not run them
// with Go alone. rapid draws, shrinks and repeats requests; kin-openapi reads the document; responses go through the
// same check as in every other test.
package fuzz
