// Package gateway is the public edge: it knows every operation's row, who is asking and what they may, and which
// service answers. It keeps nothing, parses no body it only forwards, and has no database.
//
// The rooms: internal/route is the table; internal/token, internal/visitor and internal/website know who asks, and of whom
// (over internal/lookupcache); internal/limit spends quotas; internal/responsecache keeps public answers; internal/proxy forwards;
// internal/pages is what browsers are shown; and internal/edge puts them together. openapi/ is the document.
package gateway
