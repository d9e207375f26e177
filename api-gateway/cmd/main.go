// Command api-gateway runs the gateway by itself.
package main

import (
	"context"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/config"
	"fivechat.dev/libs/runner"
)

func main() {
	runner.Main("api-gateway", func(ctx context.Context) (runner.Unit, error) {
		c, err := config.Load(app.Default())
		if err != nil {
			return runner.Unit{}, err
		}
		return app.New(ctx, c)
	})
}
