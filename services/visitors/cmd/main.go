// Command visitors runs the visitors service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/visitors/app"
)

func main() { servicekit.Main("visitors", app.Default(), app.New) }
