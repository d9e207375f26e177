// Command files runs the files service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/files/app"
)

func main() { servicekit.Main("files", app.Default(), app.New) }
