package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/embedmongo"
)

func storeCommand() *cobra.Command {
	c := &cobra.Command{Use: "store", Short: "Run or check the embedded MongoDB-compatible store by itself"}
	c.AddCommand(serveCommand(), checkCommand(), shardsCommand())
	return c
}

const checkHelp = "" +
	"Compare every document of a store with every index, in both directions, and report differences.\n" +
	"Nothing is changed. No other process may have the store open.\n" +
	"The store of `fivechat run` is the folder store inside its data folder."

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR",
		Short: "Compare every document of a stopped store with every index, and report differences",
		Args:  cobra.ExactArgs(1),
		Long:  checkHelp,
		RunE:  func(c *cobra.Command, args []string) error { return checkStore(c.Context(), args[0], c.OutOrStdout()) },
	}
}

func shardsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "shards",
		Short: "Print the shard key of each collection, for deploy/mongodb",
		Args:  cobra.NoArgs,
		Long: "Print, as JSON, the shard key of each collection of this version; null if the collection is not sharded.\n" +
			"The scripts in deploy/mongodb read it. The command needs no store.",
		RunE: func(c *cobra.Command, _ []string) error { return printShards(c.Context(), c.OutOrStdout()) },
	}
}

func checkStore(ctx context.Context, dir string, out io.Writer) error {
	sum, err := embedmongo.Check(ctx, dir, func(p embedmongo.Problem) { fmt.Fprintln(out, p) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d collections, %d documents, %d indexes with %d entries\n", sum.Collections, sum.Documents,
		sum.Indexes, sum.Entries)
	if sum.Problems > 0 {
		return fmt.Errorf("%d problems in %s", sum.Problems, dir)
	}
	return nil
}

// printShards writes a line a collection, so that a change of one is a change of one line.
func printShards(ctx context.Context, out io.Writer) error {
	all, err := system.Placements(ctx)
	if err != nil {
		return err
	}
	lines := make([]string, len(all))
	for i, p := range all {
		key := []byte("null")
		if len(p.Key) > 0 {
			if key, err = bson.MarshalExtJSON(p.Key, false, false); err != nil {
				return fmt.Errorf("%s: %w", p.Collection, err)
			}
		}
		lines[i] = fmt.Sprintf("  %q: %s", p.Collection, key)
	}
	slices.Sort(lines)
	fmt.Fprintf(out, "{\n%s\n}\n", strings.Join(lines, ",\n"))
	return nil
}
