package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
)

const walkHelp = "" +
	"Create a website. As a visitor, ask; as an agent, answer and create a ticket. Then wait until the statistics\n" +
	"have counted everything, and erase the website. Each step is printed; the first failure ends the command."

// walkCommand tries an installation out from end to end.
func walkCommand() *cobra.Command {
	at := &operatorFlags{}
	var url string
	var within time.Duration
	c := &cobra.Command{
		Use:   "walk",
		Short: "Test a running system from end to end, on a website of its own that is erased afterwards",
		Args:  cobra.NoArgs,
		Long:  walkHelp,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), within)
			defer cancel()
			return walk(ctx, client, url, c.OutOrStdout())
		}),
	}
	at.add(c)
	c.Flags().StringVar(&url, "url", "", "address of the public edge (required)")
	c.Flags().DurationVar(&within, "within", time.Minute, "time limit for all steps")
	require(c, "url")
	return c
}

// walk creates a website, walks over it, and erases it in any case.
func walk(ctx context.Context, operators operator.Client, url string, out io.Writer) error {
	w, err := operators.CreateWebsite(ctx, "Walk", "https://walk.example", "PRO", "")
	if err != nil {
		return fmt.Errorf("a website: %w", err)
	}
	fmt.Fprintf(out, "website %d was created\n", w.ID)
	walked := walkOver(ctx, operators, w, url, out)
	_, erased := operators.EraseWebsite(context.WithoutCancel(ctx), w.ID)
	if erased == nil {
		fmt.Fprintf(out, "website %d is being erased\n", w.ID)
	}
	return errors.Join(walked, erased)
}

func walkOver(ctx context.Context, operators operator.Client, w operator.Website, url string, out io.Writer) error {
	secret, err := operators.CreateToken(ctx, w.ID, "walk", "READ_WRITE", time.Time{})
	if err != nil {
		return fmt.Errorf("a token: %w", err)
	}
	agent, err := client.New(url, client.Token(secret.Secret))
	if err != nil {
		return err
	}
	token, err := visit(ctx, w, url)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "a visitor has asked: %s\n", token)
	if _, err := agent.PostMessage(ctx, token, nil, api.AgentMessage{Content: "On its way."}); err != nil {
		return fmt.Errorf("an agent's answer: %w", err)
	}
	fmt.Fprintln(out, "an agent has answered")
	ticket, err := agent.CreateTicket(ctx, nil, api.NewTicket{Title: "Look after a parcel", ConversationToken: &token})
	if err != nil {
		return fmt.Errorf("a ticket: %w", err)
	}
	fmt.Fprintf(out, "ticket %s was created\n", ticket.Body.ID)
	return counted(ctx, agent, out)
}

// visit is a visitor's question; it gives the conversation's token.
func visit(ctx context.Context, w operator.Website, url string) (string, error) {
	nobody, err := client.New(url, client.Nobody)
	if err != nil {
		return "", err
	}
	session, err := nobody.OpenSession(ctx, api.NewSession{ClientToken: w.ClientToken})
	if err != nil {
		return "", fmt.Errorf("a visit: %w", err)
	}
	visitor, err := client.New(url, client.Visitor(session.Body.VisitorToken, session.Body.VisitorSecret.MustGet()))
	if err != nil {
		return "", err
	}
	opened, err := visitor.OpenConversation(ctx, nil, api.FirstMessage{Content: "Where is my parcel?"})
	if err != nil {
		return "", fmt.Errorf("a visitor's question: %w", err)
	}
	return opened.Body.Conversation.Token, nil
}

// counted waits until the statistics have a conversation, two messages and a visitor.
func counted(ctx context.Context, agent *client.Client, out io.Writer) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		have, err := agent.GetStatistics(ctx)
		if err != nil {
			return fmt.Errorf("the statistics: %w", err)
		}
		if s := have.Body; s.TotalConversations == 1 && s.TotalMessages == 2 && s.TotalVisitors == 1 {
			fmt.Fprintln(out, "the statistics have counted it")
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the statistics have not counted it in time: %d conversations, %d messages, %d visitors",
				have.Body.TotalConversations, have.Body.TotalMessages, have.Body.TotalVisitors)
		}
	}
}
