package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

func identitySecretCommand() *cobra.Command {
	at := &operatorFlags{}
	c := &cobra.Command{
		Use:   "identity-secret",
		Short: "A website's secrets that sign who its visitors are: create, remove",
	}
	at.add(c)
	website := websiteFlag(c)
	list := &cobra.Command{
		Use:   "list",
		Short: "List a website's identity secrets",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			all, err := client.IdentitySecrets(c.Context(), *website)
			if err != nil {
				return err
			}
			return table(c, "ID\tPREFIX\tCREATED BY\tCREATED", func(row func(...any)) {
				for _, s := range all {
					row(s.ID, s.Prefix, s.CreatedBy, ever(&s.CreatedAt))
				}
			})
		}),
	}
	create := &cobra.Command{
		Use:   "create",
		Short: "Create an identity secret, which is shown once; older ones stay valid until they are removed",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			s, err := client.CreateIdentitySecret(c.Context(), *website)
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), s.Secret)
			}
			return err
		}),
	}
	remove := &cobra.Command{
		Use:   "remove ID",
		Short: "Remove an identity secret: what it signed is refused at once",
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("identity secret", func(c *cobra.Command, client operator.Client, id int64) error {
			return client.RemoveIdentitySecret(c.Context(), *website, id)
		}),
	}
	c.AddCommand(list, create, remove)
	return c
}
