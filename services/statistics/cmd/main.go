// Command statistics runs the statistics service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/statistics/app"
)

func main() { servicekit.Main("statistics", app.Default(), app.New) }
