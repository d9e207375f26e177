package main

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/environment"
	"fivechat.dev/deploy/fivechat/importer"
	"fivechat.dev/libs/process/config"
)

const importHelp = "" +
	"Import conversations, one JSON object a line:\n" +
	"  {\"id\": \"…\", \"topics\": [\"…\"], \"turns\": [{\"from\": \"visitor\"|\"agent\", \"text\": \"…\"}]}\n" +
	"Rows are keyed by their id, so a file can be imported again: existing rows stay.\n" +
	"A malformed line is reported and skipped.\n" +
	"The command also reads the output of `website export`: its conversations, with their tags and messages."

func importCommand() *cobra.Command {
	var o importer.Options
	c := &cobra.Command{
		Use:   "import FILE.jsonl[.gz]",
		Short: "Import conversations, one JSON object a line, into a website",
		Args:  cobra.ExactArgs(1),
		Long:  importHelp,
		RunE: func(c *cobra.Command, args []string) error {
			e, err := config.Load(environment.Import{})
			if err != nil {
				return err
			}
			o.Token = cmp.Or(o.Token, e.Token)
			return runImport(c, args[0], o)
		},
	}
	c.Flags().StringVar(&o.URL, "url", "http://127.0.0.1:8080", "address of the public edge")
	c.Flags().StringVar(&o.Token, "token", "", "API token with WRITE (default: FIVECHAT_TOKEN)")
	return c
}

func runImport(c *cobra.Command, path string, o importer.Options) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	// The bar measures how much of the file has been read; the number beside it is what the server has stored.
	bar := progressbar.NewOptions64(info.Size(),
		progressbar.OptionSetWriter(c.ErrOrStderr()), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	read := progressbar.NewReader(f, bar)
	o.Input = &read
	o.Progress = func(lines int) { bar.Describe(fmt.Sprintf("%6d conversations", lines)) }
	o.BadLine = func(number int, why error) { fmt.Fprintf(c.ErrOrStderr(), "\nline %d: %v\n", number, why) }
	r, err := importer.Run(c.Context(), o)
	_ = bar.Finish()
	fmt.Fprintf(c.OutOrStdout(), "imported %d, already there %d, bad lines %d\n", r.Imported, r.Existing, r.Bad)
	return err
}
