// Package prose checks the repository's texts against docs/style.md, with vale and the rules in .vale: pages, comments
// of Go and TypeScript, messages in Go, and names of tests. `make prose` builds vale and runs it.
//
// Two lists say what is checked. Every page is, apart from those in later.txt, which only shrinks. Code is checked in
// the folders in code.txt, which only grows: when a folder's texts are clean, add it.
package prose
