package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/embedmongo"
)

func storeCommand() *cobra.Command {
	c := &cobra.Command{Use: "store", Short: "Run or check the embedded MongoDB-compatible store by itself"}
	var o embedmongo.Options
	var redis string
	serve := &cobra.Command{
		Use: "serve", Short: "Serve a store to any MongoDB client", Args: cobra.NoArgs,
		Long: "Serve a store to any MongoDB client. There is no authentication: keep it on loopback.\n" +
			"The store of `fivechat run` is the folder store inside its data folder.",
		RunE: func(c *cobra.Command, _ []string) error { return serveStore(c.Context(), o, redis, c.OutOrStdout()) },
	}
	serve.Flags().StringVar(&o.Addr, "listen", "127.0.0.1:27017", "address to listen on")
	serve.Flags().StringVar(&o.Dir, "data", "", "folder of the store (required)")
	serve.Flags().StringVar(&redis, "redis", "", "address to serve a stand-in for Redis at, which keeps nothing over a restart (default: none)")
	require(serve, "data")
	check := &cobra.Command{
		Use: "check DIR", Short: "Compare every document of a stopped store with every index, and say what is wrong", Args: cobra.ExactArgs(1),
		Long: "Compare every document of a store with every index, both ways, and say what is wrong. Nothing is changed.\n" +
			"No other process may have the store open. The store of `fivechat run` is the folder store inside its data folder.",
		RunE: func(c *cobra.Command, args []string) error { return checkStore(c.Context(), args[0], c.OutOrStdout()) },
	}
	shards := &cobra.Command{
		Use: "shards", Short: "Print how each collection is to be sharded, for deploy/mongodb", Args: cobra.NoArgs,
		Long: "Print, as JSON, the shard key of each collection of this version, null where it is not sharded.\n" +
			"The scripts in deploy/mongodb read it. No store is asked.",
		RunE: func(c *cobra.Command, _ []string) error { return printShards(c.Context(), c.OutOrStdout()) },
	}
	c.AddCommand(serve, check, shards)
	return c
}

func serveStore(ctx context.Context, o embedmongo.Options, redis string, out io.Writer) error {
	if redis != "" {
		r, err := system.StartRedis(redis)
		if err != nil {
			return err
		}
		defer r.Close()
		fmt.Fprintln(out, r.URL())
	}
	o.Logger = slog.Default()
	s, err := embedmongo.Start(context.WithoutCancel(ctx), o) // it is closed below, where the error is told
	if err != nil {
		return err
	}
	fmt.Fprintln(out, s.URI())
	<-ctx.Done()
	return s.Close()
}

func checkStore(ctx context.Context, dir string, out io.Writer) error {
	sum, err := embedmongo.Check(ctx, dir, func(p embedmongo.Problem) { fmt.Fprintln(out, p) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d collections, %d documents, %d indexes with %d entries\n", sum.Collections, sum.Documents, sum.Indexes, sum.Entries)
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
