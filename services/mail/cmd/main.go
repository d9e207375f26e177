// Command mail runs the mail service by itself.
package main

import (
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/mail/app"
)

func main() { servicekit.Main("mail", app.Default(), app.New) }
