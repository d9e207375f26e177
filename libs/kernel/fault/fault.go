// Package fault is the one vocabulary of failure that crosses package and process borders: a kind that decides how
// the outside is told, a stable machine word, and a sentence that is safe to show. It knows nothing of HTTP; the
// translation into a status and a body happens once, in httpkit, at the top of a service and at the edge.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is. The zero Kind is Internal: an error that nobody classified is ours.
type Kind uint8

// The kinds, in the order of the HTTP statuses they become.
const (
	Internal           Kind = iota // a bug or a broken dependency; its text is withheld from clients
	Invalid                        // the request is wrong; Fields name where
	Unauthenticated                // nobody, or nobody we know
	Forbidden                      // known, but not allowed
	NotFound                       // not there, or another tenant's, which must look the same
	MethodNotAllowed               // the path exists, the method does not
	Conflict                       // the state does not allow it
	PreconditionFailed             // the state is not the one that the request names
	TooLarge                       // the body is over its cap
	UnsupportedMedia               // the body is not JSON
	Unprocessable                  // well-formed, but it contradicts what was asked before
	Limited                        // over a rate or a quota
	Unavailable                    // a dependency is away; try again after RetryAfter
	Timeout                        // the deadline passed
	Canceled                       // the client went away
)

var codes = [...]string{
	"internal", "validation_failed", "token_invalid", "permission_missing", "not_found", "method_not_allowed", "conflict",
	"precondition_failed", "body_too_large", "media_type_unsupported", "unprocessable", "rate_limited", "unavailable", "timeout", "canceled",
}

// Code is the kind's own machine word, used where an error has no finer one, and the kind's metric label.
func (k Kind) Code() string { return codes[k] }

// Field names one member of the request and what is wrong with it.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is a classified failure. Message is safe to show to any client.
type Error struct {
	Kind       Kind
	Code       string        // stable machine word, snake_case
	Message    string        // one sentence for people
	Fields     []Field       // for Invalid: what is wrong where
	RetryAfter time.Duration // for Limited, Unavailable and what is still under way: when it makes sense to try again
	cause      error
}

// Error gives the code, the message and the cause, for logs.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
	}
	return e.Code + ": " + e.Message
}

// Unwrap gives the cause, which is never shown to a client.
func (e *Error) Unwrap() error { return e.cause }

// New makes an Error of a kind with the kind's own code.
func New(k Kind, message string) *Error { return &Error{Kind: k, Code: k.Code(), Message: message} }

// Coded makes an Error with a finer code than its kind's.
func Coded(k Kind, code, message string) *Error { return &Error{Kind: k, Code: code, Message: message} }

// Wrap keeps cause for the log behind a message that is safe to show.
func Wrap(k Kind, message string, cause error) *Error {
	return &Error{Kind: k, Code: k.Code(), Message: message, cause: cause}
}

// Bad makes an Invalid error about one member of the request.
func Bad(field, message string) *Error {
	return &Error{Kind: Invalid, Code: Invalid.Code(), Message: field + " " + message, Fields: []Field{{field, message}}}
}

// Missing is the NotFound error of a noun: the same for what does not exist and for what is another tenant's.
func Missing(noun string) *Error { return New(NotFound, noun+" not found") }

// Away is an Unavailable error about a dependency, with the pause after which a client may try again.
func Away(what string, cause error) *Error {
	return &Error{Kind: Unavailable, Code: Unavailable.Code(), Message: what + " is unavailable, try again shortly", RetryAfter: time.Second, cause: cause}
}

// From gives err as an Error: itself where it is one, a Timeout or Canceled where the context ended, else Internal.
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

// KindOf gives the kind of err; Internal for an error that nobody classified.
func KindOf(err error) Kind { return From(err).Kind }

// Is says whether err is of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Problems collects what is wrong with a request, so that one answer names every field.
type Problems []Field

// Add notes that a field is wrong.
func (p *Problems) Add(field, message string) { *p = append(*p, Field{field, message}) }

// Check notes message about field unless ok.
func (p *Problems) Check(ok bool, field, message string) {
	if !ok {
		p.Add(field, message)
	}
}

// Err is nil where nothing is wrong, else one Invalid error over all fields.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	e := Bad(p[0].Field, p[0].Message)
	e.Fields = p
	return e
}
