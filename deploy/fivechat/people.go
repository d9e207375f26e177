package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

func userCommand() *cobra.Command {
	at := &operatorFlags{}
	c := &cobra.Command{Use: "user", Short: "A website's users (agents): create, change, delete"}
	at.add(c)
	website := websiteFlag(c)
	list := listUsers(at, website)
	var name, email string
	create := &cobra.Command{
		Use:   "create",
		Short: "Create a user",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			u, err := client.CreateUser(c.Context(), *website, name, email)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "user %d\n", u.ID)
			return nil
		}),
	}
	create.Flags().StringVar(&name, "name", "", "the user's name (required)")
	create.Flags().StringVar(&email, "email", "", "the user's e-mail address (required)")
	require(create, "name", "email")
	set := &cobra.Command{
		Use:   "set ID",
		Short: "Change a user",
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("user", func(c *cobra.Command, client operator.Client, id int64) error {
			changed := changes(c, "name", "email")
			if len(changed) == 0 {
				return errNothing
			}
			_, err := client.SetUser(c.Context(), *website, id, changed)
			return err
		}),
	}
	set.Flags().String("name", "", "the user's name")
	set.Flags().String("email", "", "the user's e-mail address")
	remove := final(&cobra.Command{
		Use:   "delete ID",
		Short: "Delete a user",
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("user", func(c *cobra.Command, client operator.Client, id int64) error {
			return client.DeleteUser(c.Context(), *website, id)
		}),
	})
	c.AddCommand(list, create, set, remove)
	return c
}

func listUsers(at *operatorFlags, website *int64) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List a website's users",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			all, err := client.Users(c.Context(), *website)
			if err != nil {
				return err
			}
			return table(c, "ID\tNAME\tE-MAIL\tONLINE", func(row func(...any)) {
				for _, u := range all {
					row(u.ID, u.Name, u.Email, u.Online)
				}
			})
		}),
	}
}

func visitorCommand() *cobra.Command {
	at := &operatorFlags{}
	c := &cobra.Command{Use: "visitor", Short: "A website's visitors: export, erase"}
	at.add(c)
	website := websiteFlag(c)
	export := outFlag(&cobra.Command{
		Use:   "export TOKEN",
		Short: "Write all data of a visitor, one JSON object a line",
		Args:  cobra.ExactArgs(1),
		RunE: at.does(func(c *cobra.Command, client operator.Client, args []string) error {
			return exported(c, func(w io.Writer) (int64, error) {
				return client.ExportVisitor(c.Context(), *website, args[0], w)
			})
		}),
	})
	erase := final(&cobra.Command{
		Use:   "erase TOKEN",
		Short: "Erase a visitor and all their messages (GDPR erasure)",
		Args:  cobra.ExactArgs(1),
		RunE: at.does(func(c *cobra.Command, client operator.Client, args []string) error {
			e, err := client.EraseVisitor(c.Context(), *website, args[0])
			return erased(c, client, e, err)
		}),
	})
	c.AddCommand(export, erase)
	return c
}
