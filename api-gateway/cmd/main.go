// Command api-gateway runs the gateway by itself.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/runner"
)

// garbage is the percentage by which the heap may grow before a collection (GOGC). The live heap of a gateway is a few
// megabytes. At the default of 100, collections cost more than the some dozens of megabytes that this saves.
const garbage = 800

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	runner.Main("api-gateway", func(ctx context.Context) (runner.Unit, error) {
		c, err := config.Load(app.Default())
		if err != nil {
			return runner.Unit{}, err
		}
		return app.New(ctx, c)
	})
}
