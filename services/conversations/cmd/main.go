// Command conversations runs the conversations service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/conversations/app"
)

func main() { servicekit.Main("conversations", app.Default(), app.New) }
