// Package mongoerr holds the error every other package returns to a client: a
// MongoDB code with its name, a message, and what a driver reads beside them.
package mongoerr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Code is a MongoDB server error code.
type Code int32

// The codes this server answers with.
const (
	InternalError           Code = 1
	BadValue                Code = 2
	FailedToParse           Code = 9
	Unauthorized            Code = 13
	TypeMismatch            Code = 14
	Overflow                Code = 15
	InvalidLength           Code = 16
	AuthenticationFailed    Code = 18
	IllegalOperation        Code = 20
	NamespaceNotFound       Code = 26
	IndexNotFound           Code = 27
	PathNotViable           Code = 28
	ConflictingUpdate       Code = 40
	CursorNotFound          Code = 43
	NamespaceExists         Code = 48
	MaxTimeMSExpired        Code = 50
	DollarPrefixedFieldName Code = 52
	CommandNotFound         Code = 59
	ImmutableField          Code = 66
	CannotCreateIndex       Code = 67
	IndexAlreadyExists      Code = 68
	InvalidOptions          Code = 72
	InvalidNamespace        Code = 73
	UnknownReplWriteConcern Code = 79
	IndexOptionsConflict    Code = 85
	IndexKeySpecsConflict   Code = 86
	WriteConflict           Code = 112
	CommandFailed           Code = 125
	OperationInProgress     Code = 117
	ParallelArrays          Code = 171
	TransactionTooOld       Code = 225
	NotImplemented          Code = 238
	NoSuchTransaction       Code = 251
	TransactionCommitted    Code = 256
	TransactionTooLarge     Code = 257
	TooManyLogicalSessions  Code = 261
	NotInTransaction        Code = 263
	SortMemoryExceeded      Code = 292
	MechanismUnavailable    Code = 334
	UnknownField            Code = 40415
	UnknownStage            Code = 40324
	UnknownExpression       Code = 168
	NotWritablePrimary      Code = 10107
	DuplicateKey            Code = 11000
	ObjectTooLarge          Code = 10334
	NotPrimaryNoSecondaryOk Code = 13435
	OutOfDiskSpace          Code = 14031
	FailPointSetFailed      Code = 196

	UnsatisfiableWriteConcern       Code = 100
	IncompleteTransactionHistory    Code = 217
	InterruptedDueToReplStateChange Code = 11602
)

var names = map[Code]string{
	InternalError: "InternalError", BadValue: "BadValue", FailedToParse: "FailedToParse",
	Unauthorized: "Unauthorized", TypeMismatch: "TypeMismatch", Overflow: "Overflow",
	AuthenticationFailed: "AuthenticationFailed", MechanismUnavailable: "MechanismUnavailable",
	InvalidLength: "InvalidLength", IllegalOperation: "IllegalOperation",
	NamespaceNotFound: "NamespaceNotFound", IndexNotFound: "IndexNotFound",
	PathNotViable: "PathNotViable", ConflictingUpdate: "ConflictingUpdateOperators",
	CursorNotFound: "CursorNotFound", NamespaceExists: "NamespaceExists",
	MaxTimeMSExpired: "MaxTimeMSExpired", DollarPrefixedFieldName: "DollarPrefixedFieldName",
	CommandNotFound: "CommandNotFound", ImmutableField: "ImmutableField",
	CannotCreateIndex: "CannotCreateIndex", InvalidOptions: "InvalidOptions",
	InvalidNamespace: "InvalidNamespace", IndexOptionsConflict: "IndexOptionsConflict",
	IndexKeySpecsConflict: "IndexKeySpecsConflict", WriteConflict: "WriteConflict",
	OperationInProgress: "ConflictingOperationInProgress", ParallelArrays: "CannotIndexParallelArrays",
	TransactionTooOld: "TransactionTooOld", NotImplemented: "NotImplemented",
	NoSuchTransaction: "NoSuchTransaction", TransactionCommitted: "TransactionCommitted",
	TransactionTooLarge: "TransactionTooLarge", TooManyLogicalSessions: "TooManyLogicalSessions",
	NotInTransaction:   "OperationNotSupportedInTransaction",
	SortMemoryExceeded: "QueryExceededMemoryLimitNoDiskUseAllowed",
	UnknownExpression:  "InvalidPipelineOperator", DuplicateKey: "DuplicateKey",
	ObjectTooLarge: "BSONObjectTooLarge", OutOfDiskSpace: "OutOfDiskSpace",
	NotWritablePrimary: "NotWritablePrimary", NotPrimaryNoSecondaryOk: "NotPrimaryNoSecondaryOk",
	IndexAlreadyExists: "IndexAlreadyExists", CommandFailed: "CommandFailed",
	UnsatisfiableWriteConcern: "UnsatisfiableWriteConcern", UnknownReplWriteConcern: "UnknownReplWriteConcern",
	IncompleteTransactionHistory: "IncompleteTransactionHistory",
	FailPointSetFailed:           "FailPointSetFailed",
	// Those that only fail points send.
	6: "HostUnreachable", 7: "HostNotFound", 24: "LockTimeout", 64: "WriteConcernFailed", 89: "NetworkTimeout",
	91: "ShutdownInProgress", 189: "PrimarySteppedDown", 246: "SnapshotUnavailable", 262: "ExceededTimeLimit",
	9001: "SocketException", 11600: "InterruptedAtShutdown", 11601: "Interrupted", 13436: "NotPrimaryOrSecondary",
	InterruptedDueToReplStateChange: "InterruptedDueToReplStateChange",
}

// retryable are the codes after which a driver may repeat the command: an unreachable host, a time-out of the network
// or of the server, a shutdown, and the end of a primary's term.
var retryable = []Code{
	6, 7, 89, 91, 189, 262, 9001, 11600, InterruptedDueToReplStateChange, NotWritablePrimary, NotPrimaryNoSecondaryOk,
	13436,
}

// Retryable reports whether a driver may repeat the command after this error.
func (c Code) Retryable() bool { return slices.Contains(retryable, c) }

// Conflicts reports whether the error ends a transaction that a driver may repeat as a whole: a lock, a snapshot or
// the transaction itself is gone.
func (c Code) Conflicts() bool {
	return slices.Contains([]Code{24, 239, 246, 267, WriteConflict, NoSuchTransaction}, c)
}

// Name is the code's name as MongoDB spells it; codes without one are LocationN.
func (c Code) Name() string {
	if n, ok := names[c]; ok {
		return n
	}
	return fmt.Sprintf("Location%d", int32(c))
}

// The labels that make a driver retry the whole transaction, or the command.
const (
	Transient      = "TransientTransactionError"
	RetryableWrite = "RetryableWriteError"
)

// Error is an error that is sent to the client.
type Error struct {
	Code   Code
	Msg    string
	Labels []string
	// KeyPattern and KeyValue name the violated index of a DuplicateKey error.
	KeyPattern, KeyValue bsoncore.Document
}

// Error gives the message, as the driver shows it.
func (e *Error) Error() string { return e.Msg }

// maxMessage bounds a message, which may quote values of any size.
const maxMessage = 16 << 10

// New makes an error with a formatted message.
func New(c Code, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	if len(msg) > maxMessage {
		msg = strings.ToValidUTF8(msg[:maxMessage], "") + "..."
	}
	return &Error{Code: c, Msg: msg}
}

// As turns any error into an Error; a foreign one becomes an InternalError.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(InternalError, "%v", err)
}

// Is reports whether err carries code c.
func Is(err error, c Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == c
}

// WithLabel returns a copy of e that carries a label.
func (e *Error) WithLabel(label string) *Error {
	c := *e
	c.Labels = append(append([]string(nil), e.Labels...), label)
	return &c
}
