package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

// runFunc is what cobra calls to run a command.
type runFunc = func(c *cobra.Command, args []string) error

// does returns the run function of a command that needs the operator's API.
func (f *operatorFlags) does(do func(c *cobra.Command, client operator.Client, args []string) error) runFunc {
	return func(c *cobra.Command, args []string) error {
		client, err := f.client()
		if err != nil {
			return err
		}
		return do(c, client, args)
	}
}

// numbered is does for a command whose one argument is the number of a thing.
func (f *operatorFlags) numbered(
	thing string, do func(c *cobra.Command, client operator.Client, id int64) error,
) runFunc {
	return f.does(func(c *cobra.Command, client operator.Client, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a %s's number", args[0], thing)
		}
		return do(c, client, id)
	})
}

// websiteFlag makes a group of commands be about one website.
func websiteFlag(c *cobra.Command) *int64 {
	website := c.PersistentFlags().Int64("website", 0, "the website's number (required)")
	require(c, "website")
	return website
}

// require marks flags that have no sensible default.
func require(c *cobra.Command, flags ...string) {
	for _, f := range flags {
		var err error
		if c.PersistentFlags().Lookup(f) != nil {
			err = c.MarkPersistentFlagRequired(f)
		} else {
			err = c.MarkFlagRequired(f)
		}
		if err != nil {
			panic(err) // the flag does not exist: a mistake in this file
		}
	}
}

// final makes a command that cannot be undone ask for --yes.
func final(c *cobra.Command) *cobra.Command {
	yes := c.Flags().Bool("yes", false, "confirm: this can't be undone")
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if !*yes {
			return fmt.Errorf("%s cannot be undone: add --yes", c.CommandPath())
		}
		return run(c, args)
	}
	return c
}

// changes gives the texts of those of a command's flags that were set, by name.
func changes(c *cobra.Command, flags ...string) map[string]any {
	set := map[string]any{}
	for _, f := range flags {
		if flag := c.Flags().Lookup(f); flag.Changed {
			set[f] = flag.Value.String()
		}
	}
	return set
}

var errNothing = errors.New("nothing to change: see --help")

// exported writes an export into the file that --out names, under that name only once it is whole, or to the output.
func exported(c *cobra.Command, write func(io.Writer) (int64, error)) error {
	path := c.Flags().Lookup("out").Value.String()
	if path == "" {
		_, err := write(c.OutOrStdout())
		return err
	}
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	rows, err := write(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%d rows in %s\n", rows, path)
	return os.Rename(path+".part", path)
}

func outFlag(c *cobra.Command) *cobra.Command {
	c.Flags().String("out", "", "the file to write (default: standard output)")
	return c
}

// eraseEvery is the pause between requests for the progress of an erasure.
const eraseEvery = 200 * time.Millisecond

// erased waits until all data that existed when an erasure began is gone.
func erased(c *cobra.Command, client operator.Client, e operator.Erasure, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "erasure %d\n", e.ID)
	for e.SweptAt == nil {
		select {
		case <-c.Context().Done():
			return errors.New("the erasure continues without this command")
		case <-time.After(eraseEvery):
		}
		failed := e.Failure
		if e, err = client.Erasure(c.Context(), e.ID); err != nil {
			return err
		}
		if e.Failure != nil && failed == nil {
			fmt.Fprintf(c.ErrOrStderr(), "a step failed and will be repeated: %s\n", *e.Failure)
		}
	}
	fmt.Fprintln(c.OutOrStdout(), "erased")
	return nil
}

func ever(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.RFC3339)
}

func table(c *cobra.Command, header string, fill func(row func(...any))) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	if header != "" {
		fmt.Fprintln(w, header)
	}
	fill(func(cells ...any) {
		for i, cell := range cells {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	})
	return w.Flush()
}
