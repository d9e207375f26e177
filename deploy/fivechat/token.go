package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

func tokenCommand() *cobra.Command {
	at := &operatorFlags{}
	c := &cobra.Command{Use: "token", Short: "A website's API tokens: create, rotate, revoke"}
	at.add(c)
	website := websiteFlag(c)
	list := &cobra.Command{
		Use:   "list",
		Short: "List a website's tokens",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			all, err := client.Tokens(c.Context(), *website)
			if err != nil {
				return err
			}
			return table(c, "ID\tLEVEL\tPREFIX\tNAME\tCREATED\tLAST USED\tEXPIRES", func(row func(...any)) {
				for _, t := range all {
					row(t.ID, t.Level, t.Prefix, t.Name, ever(&t.CreatedAt), ever(t.LastUsedAt), ever(t.ExpiresAt))
				}
			})
		}),
	}
	var name, level string
	var expires, overlap time.Duration
	create := &cobra.Command{
		Use:   "create",
		Short: "Create a token; its secret is shown once",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			var until time.Time
			if expires > 0 {
				until = time.Now().Add(expires)
			}
			t, err := client.CreateToken(c.Context(), *website, name, level, until)
			return secret(c, t, err)
		}),
	}
	create.Flags().StringVar(&name, "name", "token", "purpose of the token")
	create.Flags().StringVar(&level, "level", "READ", "READ, WRITE or READ_WRITE")
	create.Flags().DurationVar(&expires, "expires-in", 0, "how long the token is valid (default: until revoked)")
	rotate := &cobra.Command{
		Use:   "rotate ID",
		Short: "Create a token's successor, and let the token itself expire",
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("token", func(c *cobra.Command, client operator.Client, id int64) error {
			t, err := client.RotateToken(c.Context(), *website, id, overlap)
			return secret(c, t, err)
		}),
	}
	rotate.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long the token itself still works")
	revoke := &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke a token",
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("token", func(c *cobra.Command, client operator.Client, id int64) error {
			return client.RevokeToken(c.Context(), *website, id)
		}),
	}
	c.AddCommand(list, create, rotate, revoke)
	return c
}

// secret shows the secret of a new token, alone, so that a script can take it.
func secret(c *cobra.Command, t operator.Token, err error) error {
	if err == nil {
		fmt.Fprintln(c.OutOrStdout(), t.Secret)
	}
	return err
}

func auditCommand() *cobra.Command {
	at := &operatorFlags{}
	var website int64
	var since time.Duration
	var limit int
	c := &cobra.Command{
		Use:   "audit",
		Short: "Show the audit log, the newest entry first",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			var from time.Time
			if since > 0 {
				from = time.Now().Add(-since)
			}
			all, err := client.Audit(c.Context(), website, from, limit)
			if err != nil {
				return err
			}
			return table(c, "WHEN\tWEBSITE\tWHO\tWHAT\tWHICH\tBEFORE\tAFTER\tFROM\tREQUEST", func(row func(...any)) {
				for _, e := range all {
					row(ever(&e.At), e.WebsiteID, e.Actor, e.Action, e.ObjectID, string(e.Before), string(e.After),
						e.Address, e.RequestID)
				}
			})
		}),
	}
	at.add(c)
	c.Flags().Int64Var(&website, "website", 0, "only entries of this website")
	c.Flags().DurationVar(&since, "since", 0, "maximum age, like 24h (default: any)")
	c.Flags().IntVar(&limit, "limit", 20, "number of entries, at most 100")
	return c
}
