package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

func personCommand() *cobra.Command {
	at := &operatorFlags{}
	c := &cobra.Command{Use: "person", Short: "People who sign in: invite, list, reset, disable"}
	at.add(c)
	var email string
	list := &cobra.Command{
		Use:   "list",
		Short: "List all people",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			all, err := client.People(c.Context(), email)
			if err != nil {
				return err
			}
			return table(c, "ID\tNAME\tE-MAIL\tDISABLED\tCREATED", func(row func(...any)) {
				for _, p := range all {
					row(p.ID, p.Name, p.Email, p.Disabled, ever(&p.CreatedAt))
				}
			})
		}),
	}
	list.Flags().StringVar(&email, "email", "", "only the person with this e-mail address")
	c.AddCommand(invitePerson(at), list, resetPerson(at),
		disabling(at, "disable", "Keep a person from signing in, and end their sessions", true),
		disabling(at, "enable", "Let a disabled person sign in again", false))
	return c
}

func resetPerson(at *operatorFlags) *cobra.Command {
	var totp, passkeys bool
	c := &cobra.Command{
		Use:   "reset ID",
		Short: "Print a link by which a person chooses a new password",
		Long: "Print the path of a link, at the gateway's address. The person who opens it chooses a new password, which\n" +
			"ends their sessions. It works once, for a day. With --totp, its use also removes a lost authenticator app, and\n" +
			"with --passkeys those of a lost or stolen device. Until the link is used, nothing changes.",
		Args: cobra.ExactArgs(1),
		RunE: at.numbered("person", func(c *cobra.Command, client operator.Client, id int64) error {
			r, err := client.ResetPerson(c.Context(), id, totp, passkeys)
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), r.Path)
			}
			return err
		}),
	}
	c.Flags().BoolVar(&totp, "totp", false, "the link also removes the person's authenticator app")
	c.Flags().BoolVar(&passkeys, "passkeys", false, "the link also removes all passkeys of the person")
	return c
}

func invitePerson(at *operatorFlags) *cobra.Command {
	var website int64
	var email, role string
	c := &cobra.Command{
		Use:   "invite",
		Short: "Print a link by which a person creates a website, or becomes a member of one",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) (err error) {
			var i operator.Invitation
			if website == 0 {
				i, err = client.InviteOwner(c.Context())
			} else {
				i, err = client.Invite(c.Context(), email, operator.Membership{WebsiteID: website, Role: role})
			}
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), i.Path)
			}
			return err
		}),
		Long: "Print the path of a link, at the gateway's address. Without --website, the person who opens it creates a\n" +
			"website and becomes its owner. It works once, for 7 days.",
	}
	c.Flags().Int64Var(&website, "website", 0, "the website's number (default: a new one)")
	c.Flags().StringVar(&email, "email", "", "e-mail address of the new member")
	c.Flags().StringVar(&role, "role", "owner", "viewer, agent, admin or owner")
	return c
}

// disabling returns the command that disables or enables a person.
func disabling(at *operatorFlags, name, short string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use:   name + " ID",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("person", func(c *cobra.Command, client operator.Client, id int64) error {
			_, err := client.SetPerson(c.Context(), id, map[string]any{"disabled": disabled})
			return err
		}),
	}
}
