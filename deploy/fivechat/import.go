package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/environment"
	"fivechat.dev/deploy/fivechat/importer"
	"fivechat.dev/libs/process/config"
)

const importHelp = "" +
	"Import conversations, one JSON object a line:\n" +
	"  {\"id\": \"…\", \"topics\": [\"…\"],\n" +
	"   \"turns\": [{\"from\": \"visitor\"|\"agent\", \"text\": \"…\", \"at\": \"2025-03-01T09:30:00Z\"}]}\n" +
	"Other members are visitor, status, assignee, summary and rating, and the agent of a turn: docs/api/exports.md.\n" +
	"Rows are keyed by their id, so a file can be imported again: existing rows stay.\n" +
	"A bad line is reported and skipped. Empty turns and those of the system are left out; long texts are split.\n" +
	"The command also reads the output of `website export`: conversations with messages, visitors and agents.\n" +
	"The file may be packed (gzip, zstd), a tar archive, or UTF-16; - is the standard input.\n\n" +
	"The exit status is 0 if no line is bad, 2 if some are, and 1 if nothing was imported or the import failed."

// errSome is the error of an import with bad lines.
var errSome = errors.New("some lines are bad")

type importFlags struct {
	importer.Options

	report string
}

func importCommand() *cobra.Command {
	var f importFlags
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
			f.Token = cmp.Or(f.Token, e.Token)
			return f.run(c, args[0])
		},
	}
	c.Flags().StringVar(&f.URL, "url", "http://127.0.0.1:8080", "address of the public edge")
	c.Flags().StringVar(&f.Token, "token", "", "API token with WRITE (default: FIVECHAT_TOKEN)")
	c.Flags().BoolVar(&f.DryRun, "dry-run", false, "read and check all lines, and send nothing")
	c.Flags().BoolVar(&f.Strict, "strict", false, "stop at the first bad line")
	c.Flags().StringVar(&f.report, "report", "", "file for the bad lines, one JSON object each")
	return c
}

// run imports a file, and prints the result.
func (f importFlags) run(c *cobra.Command, path string) error {
	in, size, err := openInput(c, path)
	if err != nil {
		return err
	}
	defer in.Close()
	report := io.Discard
	if f.report != "" {
		out, err := os.OpenFile(f.report, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer out.Close()
		report = out
	}
	// The bar measures how much of the file has been read; the number beside it is what the server has stored.
	bar := progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(c.ErrOrStderr()), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	read := progressbar.NewReader(in, bar)
	f.Input = &read
	f.Progress = func(lines int) { bar.Describe(fmt.Sprintf("%6d conversations", lines)) }
	var unwritten error
	f.BadLine = func(number int, why error) {
		fmt.Fprintf(c.ErrOrStderr(), "\nline %d: %v\n", number, why)
		unwritten = errors.Join(unwritten, json.NewEncoder(report).Encode(badLine{number, why.Error()}))
	}
	left := map[string]int{}
	f.Left = func(kind string) { left[kind]++ }
	r, err := importer.Run(c.Context(), f.Options)
	_ = bar.Finish()
	done := "imported"
	if f.DryRun {
		done = "would import"
	}
	fmt.Fprintf(c.OutOrStdout(), "%s %d, already there %d, bad lines %d\n", done, r.Imported, r.Existing, r.Bad)
	for _, kind := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(c.OutOrStdout(), "left out: %d of the kind %s\n", left[kind], kind)
	}
	switch {
	case err != nil:
		return err
	case unwritten != nil:
		return fmt.Errorf("the report is incomplete: %w", unwritten)
	case r.Bad > 0 && r.Imported+r.Existing == 0:
		return errors.New("no line could be imported")
	case r.Bad > 0:
		return errSome
	}
	return nil
}

// badLine is a line of the report.
type badLine struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// openInput opens a file, or the standard input for -, whose size is unknown: -1.
func openInput(c *cobra.Command, path string) (io.ReadCloser, int64, error) {
	if path == "-" {
		return io.NopCloser(c.InOrStdin()), -1, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}
