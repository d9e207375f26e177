// Command workspace runs the workspace service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/workspace/app"
)

func main() { servicekit.Main("workspace", app.Default(), app.New) }
