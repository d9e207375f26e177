package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

const reindexHelp = "" +
	"Analyse all conversations, tickets and visitors again for searches, while the system serves. A new version does\n" +
	"it by itself. The work continues without this command, and after restarts; it takes half of the time of one replica."

func searchCommand() *cobra.Command {
	at := &operatorFlags{}
	c := &cobra.Command{Use: "search", Short: "The search indexes: their state, and analysing all rows again"}
	at.add(c)
	c.AddCommand(
		&cobra.Command{
			Use:   "status",
			Short: "Show the search indexes",
			Args:  cobra.NoArgs,
			RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
				all, err := client.SearchIndexes(c.Context())
				if err != nil {
					return err
				}
				return table(c, "INDEX\tVERSION\tSTATE", func(row func(...any)) {
					for _, i := range all {
						row(i.Index, i.Version, progress(i))
					}
				})
			}),
		},
		&cobra.Command{
			Use:   "reindex",
			Short: "Analyse all rows again, and show the progress",
			Args:  cobra.NoArgs,
			Long:  reindexHelp,
			RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
				if err := client.Reindex(c.Context()); err != nil {
					return err
				}
				return reindexed(c, client)
			}),
		})
	return c
}

// reindexEvery is the pause between requests for the progress.
const reindexEvery = time.Second

// reindexed shows the progress until all rows are analysed.
func reindexed(c *cobra.Command, client operator.Client) error {
	for {
		all, err := client.SearchIndexes(c.Context())
		if err != nil {
			return err
		}
		if !showProgress(c.OutOrStdout(), all) {
			return nil
		}
		select {
		case <-c.Context().Done():
			return errors.New("the work continues without this command")
		case <-time.After(reindexEvery):
		}
	}
}

// showProgress writes a line about each index and reports whether one is at work.
func showProgress(w io.Writer, all []operator.SearchIndex) (working bool) {
	for _, i := range all {
		fmt.Fprintf(w, "%s: %s\n", i.Index, progress(i))
		working = working || i.Reindexing
	}
	return working
}

// progress describes the state of an index.
func progress(i operator.SearchIndex) string {
	if !i.Reindexing {
		return "all rows are analysed"
	}
	return fmt.Sprintf("analysing, row %d of %d", i.Last, i.Newest)
}
