package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func websiteCommand() *cobra.Command {
	var at operatorFlags
	c := &cobra.Command{Use: "website", Short: "Create and list websites (tenants)"}
	at.add(c)
	var name, url, plan, clientToken string
	create := &cobra.Command{Use: "create", Short: "Create a website with its widget", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		client, err := at.client()
		if err != nil {
			return err
		}
		w, err := client.CreateWebsite(c.Context(), name, url, plan, clientToken)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "website %d\nclientToken %s\n", w.ID, w.ClientToken)
		return nil
	}}
	create.Flags().StringVar(&name, "name", "", "what it is called (required)")
	create.Flags().StringVar(&url, "url", "", "where it is (required)")
	create.Flags().StringVar(&plan, "plan", "FREE", "FREE or PRO")
	create.Flags().StringVar(&clientToken, "client-token", "", "client token that its pages carry already (default: a new one)")
	require(create, "name", "url")
	list := &cobra.Command{Use: "list", Short: "List websites", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		client, err := at.client()
		if err != nil {
			return err
		}
		all, err := client.Websites(c.Context())
		if err != nil {
			return err
		}
		return table(c, "ID\tPLAN\tNAME\tURL\tCLIENT TOKEN", func(row func(...any)) {
			for _, w := range all {
				row(w.ID, w.Plan, w.Name, w.URL, w.ClientToken)
			}
		})
	}}
	c.AddCommand(create, list)
	return c
}

func userCommand() *cobra.Command {
	var at operatorFlags
	c := &cobra.Command{Use: "user", Short: "Create users (agents)"}
	at.add(c)
	var website int64
	var name, email string
	create := &cobra.Command{Use: "create", Short: "Create an agent of a website", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		client, err := at.client()
		if err != nil {
			return err
		}
		u, err := client.CreateUser(c.Context(), website, name, email)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "user %d\n", u.ID)
		return nil
	}}
	create.Flags().Int64Var(&website, "website", 0, "the website's number (required)")
	create.Flags().StringVar(&name, "name", "", "the agent's name (required)")
	create.Flags().StringVar(&email, "email", "", "the agent's e-mail address (required)")
	require(create, "website", "name", "email")
	c.AddCommand(create)
	return c
}

func tokenCommand() *cobra.Command {
	var at operatorFlags
	c := &cobra.Command{Use: "token", Short: "Create, list and revoke API tokens"}
	at.add(c)
	var website int64
	c.PersistentFlags().Int64Var(&website, "website", 0, "the website's number (required)")
	var name, level string
	var expires time.Duration
	create := &cobra.Command{Use: "create", Short: "Create a token; its secret is shown once", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		client, err := at.client()
		if err != nil {
			return err
		}
		var until time.Time
		if expires > 0 {
			until = time.Now().Add(expires)
		}
		t, err := client.CreateToken(c.Context(), website, name, level, until)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), t.Secret)
		return nil
	}}
	create.Flags().StringVar(&name, "name", "token", "what it is for")
	create.Flags().StringVar(&level, "level", "READ", "READ, WRITE or READ_WRITE")
	create.Flags().DurationVar(&expires, "expires-in", 0, "how long it is good for (default: until revoked)")
	list := &cobra.Command{Use: "list", Short: "List a website's tokens", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		client, err := at.client()
		if err != nil {
			return err
		}
		all, err := client.Tokens(c.Context(), website)
		if err != nil {
			return err
		}
		return table(c, "ID\tLEVEL\tPREFIX\tNAME\tCREATED\tLAST USED", func(row func(...any)) {
			for _, t := range all {
				used := "never"
				if t.LastUsedAt != nil {
					used = t.LastUsedAt.Format(time.RFC3339)
				}
				row(t.ID, t.Level, t.Prefix, t.Name, t.CreatedAt.Format(time.RFC3339), used)
			}
		})
	}}
	revoke := &cobra.Command{Use: "revoke ID", Short: "Revoke a token", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		client, err := at.client()
		if err != nil {
			return err
		}
		var id int64
		if _, err := fmt.Sscan(args[0], &id); err != nil {
			return fmt.Errorf("%q is not a token's number", args[0])
		}
		return client.RevokeToken(c.Context(), website, id)
	}}
	for _, sub := range []*cobra.Command{create, list, revoke} {
		c.AddCommand(sub)
	}
	require(c, "website")
	return c
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

func table(c *cobra.Command, header string, fill func(row func(...any))) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, header)
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
