// Command visitors runs the visitors service by itself.
package main

import (
	"fivechat.dev/libs/component"
	"fivechat.dev/services/visitors/app"
)

func main() { component.Main("visitors", app.Default(), app.New) }
