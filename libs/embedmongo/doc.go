// Package embedmongo is a MongoDB server inside a Go program.
package embedmongo
