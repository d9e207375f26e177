// Package fault classifies every error that crosses a package or process boundary. An Error has a kind, which decides
// the HTTP status, a stable code for programs, and a message that is safe to show to any client. The package knows
// nothing of HTTP: httpkit translates an Error into a status and a body, in a service and in the edge alike.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a failure. The zero Kind is Internal, so that an unclassified error is treated as our own.
type Kind uint8

// The kinds, in the order of their HTTP statuses.
const (
	Internal           Kind = iota // a bug or a broken dependency; clients don't see its text
	Invalid                        // the request is wrong; Fields names the members
	Unauthenticated                // the request has no valid credential
	Forbidden                      // the caller is known, but not allowed
	NotFound                       // doesn't exist, or belongs to another tenant: the two look the same
	MethodNotAllowed               // the path exists, the method doesn't
	Conflict                       // the state doesn't allow the request
	PreconditionFailed             // the state isn't the one that the request names
	TooLarge                       // the body exceeds its limit
	UnsupportedMedia               // the body isn't JSON
	Unprocessable                  // well-formed, but it contradicts an earlier request
	Limited                        // a rate limit or a quota is exceeded
	Unavailable                    // a dependency is unavailable; try again after RetryAfter
	Timeout                        // the deadline passed
	Canceled                       // the client closed the connection
)

var codes = [...]string{
	"internal", "validation_failed", "token_invalid", "permission_missing", "not_found", "method_not_allowed",
	"conflict",
	"precondition_failed", "body_too_large", "media_type_unsupported", "unprocessable", "rate_limited", "unavailable",
	"timeout", "canceled",
}

// Code is the code of errors that have no finer one, and the kind's metric label.
func (k Kind) Code() string { return codes[k] }

// Field names one member of the request and what is wrong with it.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is a classified failure. Message is safe to show to any client.
type Error struct {
	Kind       Kind
	Code       string        // stable, for programs; snake_case
	Message    string        // one sentence for people
	Fields     []Field       // for Invalid: the wrong members
	Existing   string        // for Conflict: the token of the object that the request would repeat; "" for none
	RetryAfter time.Duration // how long to wait before a retry; for Limited, Unavailable, requests in progress
	cause      error
}

// Error returns the code, the message and the cause, for logs.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause, which is never shown to a client.
func (e *Error) Unwrap() error { return e.cause }

// New returns an Error of kind k with the kind's own code.
func New(k Kind, message string) *Error { return &Error{Kind: k, Code: k.Code(), Message: message} }

// Coded returns an Error with a finer code than its kind's.
func Coded(k Kind, code, message string) *Error { return &Error{Kind: k, Code: code, Message: message} }

// Wrap returns an Error whose message is safe to show, and which keeps cause for the log.
func Wrap(k Kind, message string, cause error) *Error {
	return &Error{Kind: k, Code: k.Code(), Message: message, cause: cause}
}

// Bad returns an Invalid error about one member of the request.
func Bad(field, message string) *Error {
	return &Error{
		Kind:    Invalid,
		Code:    Invalid.Code(),
		Message: field + " " + message,
		Fields:  []Field{{field, message}},
	}
}

// Missing returns a NotFound error. It is the same for an object that doesn't exist and for one of another tenant.
func Missing(noun string) *Error { return New(NotFound, noun+" not found") }

// Away returns an Unavailable error about a dependency. Clients may retry after one second.
func Away(what string, cause error) *Error {
	return &Error{
		Kind:       Unavailable,
		Code:       Unavailable.Code(),
		Message:    what + " is unavailable, try again shortly",
		RetryAfter: time.Second,
		cause:      cause,
	}
}

// From returns err as an Error: err itself if it is one, Timeout or Canceled if its context ended, otherwise Internal.
func From(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(Timeout, "the request took too long", err)
	case errors.Is(err, context.Canceled):
		return Wrap(Canceled, "the request was canceled", err)
	default:
		return Wrap(Internal, "something went wrong on our side", err)
	}
}

// KindOf returns the kind of err. An unclassified error is Internal.
func KindOf(err error) Kind { return From(err).Kind }

// Is reports whether err is of kind k. A nil error has no kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Within returns err with the wrong fields as members of a request's member: "url" becomes "website.url". Other errors
// stay as they are.
func Within(member string, err error) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	inside := *e
	inside.Fields = make([]Field, len(e.Fields))
	for i, f := range e.Fields {
		inside.Fields[i] = Field{member + "." + f.Field, f.Message}
	}
	return &inside
}

// Problems collects everything that is wrong with a request, so that one response names every wrong field.
type Problems []Field

// Add records that a field is wrong.
func (p *Problems) Add(field, message string) { *p = append(*p, Field{field, message}) }

// Check records message about field unless ok is true.
func (p *Problems) Check(ok bool, field, message string) {
	if !ok {
		p.Add(field, message)
	}
}

// Err returns one Invalid error that names all fields, or nil if there are no problems.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	e := Bad(p[0].Field, p[0].Message)
	e.Fields = p
	return e
}
