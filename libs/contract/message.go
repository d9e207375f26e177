package contract

import "fivechat.dev/libs/kernel/searchterms"

// messageBytes approximates the JSON size of a Message without its content.
const messageBytes = 512

// JSONBytes implements paging.Sized.
func (m Message) JSONBytes() int {
	return messageBytes + searchterms.JSONLength(m.Content) + jsonBytesOf(m.Attachments)
}

// noteBytes is about the length of a note's JSON without its text, with as many mentions as it may have.
const noteBytes = 500

// JSONBytes implements paging.Sized.
func (n Note) JSONBytes() int { return noteBytes + searchterms.JSONLength(n.Content) }

// Number implements paging.Numbered.
func (n Note) Number() int64 { return int64(n.ID) }

// JSONBytes implements paging.Sized.
func (n VisitorNote) JSONBytes() int { return noteBytes + searchterms.JSONLength(n.Content) }

// Number implements paging.Numbered.
func (n VisitorNote) Number() int64 { return int64(n.ID) }
