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

// garbage is by how many percent the heap may grow before it is collected. What lives long in a gateway is a few
// megabytes, and collecting as often as that suggests costs more than some dozens of them.
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
