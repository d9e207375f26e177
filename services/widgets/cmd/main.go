// Command widgets runs the widgets service by itself.
package main

import (
	"fivechat.dev/libs/component"
	"fivechat.dev/services/widgets/app"
)

func main() { component.Main("widgets", app.Default(), app.New) }
