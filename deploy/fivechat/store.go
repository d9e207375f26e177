package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

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
	c.AddCommand(serve, check)
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
