// Command conversations runs the conversations service by itself.
package main

import (
	"fivechat.dev/libs/component"
	"fivechat.dev/services/conversations/app"
)

func main() { component.Main("conversations", app.Default(), app.New) }
