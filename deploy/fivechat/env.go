package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/system"
)

// envCommand lets a shell use the demo without a tool that reads JSON.
func envCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:     "env",
		Short:   "Print the demo's address, tokens and first person as shell variables",
		Args:    cobra.NoArgs,
		Example: `  eval "$(bin/fivechat env)"`,
		RunE: func(c *cobra.Command, _ []string) error {
			path := filepath.Join(data, "demo.json")
			b, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s doesn't exist: start `fivechat run --demo` first", path)
			}
			var d system.Demo
			if err == nil {
				err = json.Unmarshal(b, &d)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if len(d.Websites) == 0 {
				return fmt.Errorf("%s names no website", path)
			}
			w := d.Websites[0]
			fmt.Fprintf(c.OutOrStdout(), "URL=%s CLIENT_TOKEN=%s READ=%s WRITE=%s READ_WRITE=%s",
				d.URL, w.ClientToken, w.Tokens["READ"], w.Tokens["WRITE"], w.Tokens["READ_WRITE"])
			if len(d.People) > 0 {
				fmt.Fprintf(c.OutOrStdout(), " EMAIL=%s PASSWORD=%s", d.People[0].Email, d.People[0].Password)
			}
			fmt.Fprintln(c.OutOrStdout())
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "data", "data folder of the running system")
	return c
}
