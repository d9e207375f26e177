// Package gateway is the public edge: it knows every operation's row, who is asking and what they may, and which
// service answers. It keeps nothing, parses no body it only forwards, and has no database.
//
// The rooms: internal/route is the table, internal/token and internal/visitor resolve credentials (over internal/memo),
// internal/proxy forwards, and internal/edge puts them together.
package gateway
