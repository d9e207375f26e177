// Command tickets runs the tickets service by itself.
package main

import (
	"fivechat.dev/libs/component"
	"fivechat.dev/services/tickets/app"
)

func main() { component.Main("tickets", app.Default(), app.New) }
