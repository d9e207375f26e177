// Command accounts runs the accounts service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/accounts/app"
)

func main() { servicekit.Main("accounts", app.Default(), app.New) }
