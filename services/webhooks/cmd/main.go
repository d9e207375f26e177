// Command webhooks runs the webhooks service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/webhooks/app"
)

func main() { servicekit.Main("webhooks", app.Default(), app.New) }
