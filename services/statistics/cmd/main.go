// Command statistics runs the statistics service by itself.
package main

import (
	"fivechat.dev/libs/component"
	"fivechat.dev/services/statistics/app"
)

func main() { component.Main("statistics", app.Default(), app.New) }
