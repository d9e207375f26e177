// Command tickets runs the tickets service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/tickets/app"
)

func main() { servicekit.Main("tickets", app.Default(), app.New) }
