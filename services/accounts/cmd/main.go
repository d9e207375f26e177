// Command accounts runs the accounts service by itself.
package main

import (
	"fivechat.dev/libs/component"
	"fivechat.dev/services/accounts/app"
)

func main() { component.Main("accounts", app.Default(), app.New) }
