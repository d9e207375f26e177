// Package files stores what visitors and agents attach to messages: pictures, documents, anything.
//
// Begin with File and Service, the use cases. A file is a row, and one or two blobs: its content, and the thumbnail of
// a picture. Another service, the owner, names the file in what it stores. The states of a file:
//
//	             Upload              the blobs are stored       Claim                     its owner names it
//	(nothing) ──────────► STORING ──────────► UNUSED ──────────► CLAIMED ──────────────────────► USED
//	                         │ a day            │ a day             │ a day, and its owner doesn't
//	                         └──────────────────┴───────────────────┴───────► REMOVED ──► (nothing)
//
// Invariants:
//   - each blob has a row: the row is stored before it, and deleted after it;
//   - a file that its owner names isn't removed. The owner claims it before the transaction that names it. Whether that
//     transaction was committed is known to the owner alone, who is asked before a claimed file is removed;
//   - the same content that the same caller sends again under the same name is the same file, until it is claimed. So
//     an upload whose response was lost can be repeated;
//   - a file can only be claimed in its own website, and never for two visitors.
//
// The package doesn't know pictures (internal/picture), where blobs are (internal/blobs), nor who may read a message.
// It writes the collection files_files.
package files
