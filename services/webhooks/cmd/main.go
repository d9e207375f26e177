// Command webhooks runs the webhooks service by itself.
package main

import (
	"fivechat.dev/libs/component"
	"fivechat.dev/services/webhooks/app"
)

func main() { component.Main("webhooks", app.Default(), app.New) }
