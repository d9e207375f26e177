// Command fivechat is the one tool of newcomer and operator: it runs the whole system in one process, and it is the
// client of the operator's API and of the import.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/environment"
	"fivechat.dev/deploy/fivechat/operator"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "fivechat:", err)
		if errors.Is(err, errSome) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:          "fivechat",
		Short:        "Live chat and helpdesk: run it, operate it, import data",
		Version:      telemetry.Version(),
		SilenceUsage: true, SilenceErrors: true,
	}
	c.AddCommand(runCommand(), websiteCommand(), userCommand(), personCommand(), tokenCommand(),
		identitySecretCommand(), visitorCommand(),
		auditCommand(), statisticsCommand(), searchCommand(), importCommand(), envCommand(), storeCommand(), walkCommand())
	return c
}

// operatorFlags say where the operator's API is: named, or read from the data folder of a running system.
type operatorFlags struct{ url, data string }

func (f *operatorFlags) add(c *cobra.Command) {
	c.PersistentFlags().StringVar(&f.url, "operator-url", "",
		"address of the operator's API (default: FIVECHAT_OPERATOR_URL, or from --data)")
	c.PersistentFlags().StringVar(&f.data, "data", "data", "data folder of the running system")
}

func (f *operatorFlags) client() (operator.Client, error) {
	e, err := config.Load(environment.Operator{})
	if err != nil {
		return operator.Client{}, err
	}
	if url := cmp.Or(f.url, e.URL); url != "" && e.Key != "" {
		return operator.Client{URL: url, Key: e.Key}, nil
	}
	var at endpoint
	path := filepath.Join(f.data, endpointFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return operator.Client{}, fmt.Errorf("no running system in %s: "+
			"name one with --data, or set FIVECHAT_OPERATOR_URL and FIVECHAT_OPERATOR_KEY", f.data)
	}
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	if err != nil {
		return operator.Client{}, fmt.Errorf("%s: %w", path, err)
	}
	return operator.Client{URL: at.URL, Key: at.Key}, nil
}

// endpoint is what `run` leaves in its data folder for the operator's commands.
type endpoint struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

const endpointFile = "operator.json"
