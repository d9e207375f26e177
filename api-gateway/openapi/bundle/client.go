package main

import (
	"bytes"
	"fmt"
	"go/format"
)

// clientSource returns the source of the Go client's decoder of events.
func clientSource(all []event) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(generated + "package client\n\nimport \"fivechat.dev/libs/client/api\"\n\n" +
		"// The names of events.\nconst (\nNameReady = \"ready\" // begins each stream\n")
	for _, e := range all {
		fmt.Fprintf(&b, "Name%s = %q\n", goName(e.name), e.name)
	}
	b.WriteString(")\n\n" +
		"// Decode returns the event as the type of package api that its name selects: api.ConversationRated for\n" +
		"// NameConversationRated. The error is ErrUnknownEvent if the server is newer and the event is unknown here.\n" +
		"func (e Event) Decode() (any, error) {\nswitch e.Name {\ncase NameReady:\nreturn decode[api.Ready](e)\n")
	for _, e := range all {
		fmt.Fprintf(&b, "case Name%s:\nreturn decode[api.%s](e)\n", goName(e.name), goName(e.name))
	}
	b.WriteString("}\nreturn nil, ErrUnknownEvent\n}\n")
	return format.Source(b.Bytes())
}
