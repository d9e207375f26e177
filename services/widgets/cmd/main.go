// Command widgets runs the widgets service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/widgets/app"
)

func main() { servicekit.Main("widgets", app.Default(), app.New) }
