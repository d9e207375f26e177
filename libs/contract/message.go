package contract

import "fivechat.dev/libs/kernel/searchterms"

// messageBytes approximates the JSON size of a Message without its content.
const messageBytes = 512

// JSONBytes implements paging.Sized.
func (m Message) JSONBytes() int { return messageBytes + searchterms.JSONLength(m.Content) }
