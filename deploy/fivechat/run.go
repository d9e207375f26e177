package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/process/config"
)

const runHelp = "" +
	"Run every service and the gateway in this process, each on a loopback listener of its own, over embedded stores\n" +
	"in the data folder. MONGODB_URI (a replica set) and REDIS_URL replace the embedded stores."

func runCommand() *cobra.Command {
	var o system.Options
	var listen, operate, admin string
	c := &cobra.Command{
		Use:   "run",
		Short: "Run every service and the gateway in this process",
		Args:  cobra.NoArgs,
		Long:  runHelp,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := config.Load(system.DefaultSettings())
			if err != nil {
				return err
			}
			g := &settings.Gateway
			g.Addr = cmp.Or(listen, g.Addr, "127.0.0.1:8080")
			g.OperatorAddr, g.AdminAddr = cmp.Or(operate, g.OperatorAddr), cmp.Or(admin, g.AdminAddr)
			o.Settings = &settings
			return run(c.Context(), o, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&listen, "listen", "", "address of the public edge (default: FIVECHAT_ADDR, or 127.0.0.1:8080)")
	c.Flags().StringVar(&operate, "operator-listen", "",
		"address of the operator's API (default: FIVECHAT_OPERATOR_ADDR, or a free loopback port)")
	c.Flags().StringVar(&admin, "admin-listen", "",
		"address of /status, and of /metrics of each component (default: FIVECHAT_ADMIN_ADDR, or none)")
	c.Flags().StringVar(&o.Data, "data", "data", "folder of the embedded store and the secrets")
	c.Flags().BoolVar(&o.Demo, "demo", false, "create two websites with widgets, agents and tokens, once")
	return c
}

// garbage is GOGC: by how many percent the heap may grow before a collection. Long-lived objects take about 25 MB, and
// a collection takes both of two processors for 10 to 20 ms. With Go's default of 100 that happens several times a
// second under load, and delays the slowest of a hundred requests. 150 costs about 20 MB more than 70, and leaves 150
// MB after load.
const garbage = 150

func run(ctx context.Context, o system.Options, out io.Writer) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	s, err := system.Start(ctx, o)
	if err != nil {
		return err
	}
	path := filepath.Join(o.Data, endpointFile)
	if err := system.WriteJSON(path, endpoint{s.OperatorURL(), s.OperatorKey()}); err != nil {
		return fmt.Errorf("%w; %w", err, s.Stop(context.WithoutCancel(ctx)))
	}
	fmt.Fprintf(out, "Fivechat answers at %s\n", s.URL())
	fmt.Fprintf(out, "The operator's API is at %s. The commands `fivechat website|user|person|token|visitor|audit` find "+
		"it through %s.\n", s.OperatorURL(), path)
	if url := s.AdminURL(); url != "" {
		fmt.Fprintf(out, "Status page: %s/status\n", url)
	}
	if s.Demo != nil {
		printDemo(out, s.Demo, filepath.Join(o.Data, "demo.json"))
	} else if err := printFirstOwner(ctx, out, s); err != nil {
		return fmt.Errorf("%w; %w", err, s.Stop(context.WithoutCancel(ctx)))
	}
	fmt.Fprintln(out, "\nStop with Ctrl-C.")
	s.Wait(ctx)
	fmt.Fprintln(out, "Stopping.")
	return s.Stop(context.WithoutCancel(ctx))
}

// printFirstOwner prints a link by which the first owner creates the first website, unless a person exists already.
func printFirstOwner(ctx context.Context, out io.Writer, s *system.System) error {
	client := operator.Client{URL: s.OperatorURL(), Key: s.OperatorKey()}
	people, err := client.People(ctx, "")
	if err != nil || len(people) > 0 {
		return err
	}
	i, err := client.InviteOwner(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThere is no person yet who can sign in. Create the first website, and be its owner, within "+
		"7 days:\n  %s%s\n", s.URL(), i.Path)
	return nil
}

func printDemo(out io.Writer, d *system.Demo, path string) {
	for _, w := range d.Websites {
		fmt.Fprintf(out, "\n%s (website %d, plan %s)\n", w.Name, w.ID, w.Plan)
		fmt.Fprintf(out, "  widget      <script async src=\"%s/widget/%s\"></script>\n", d.URL, w.ClientToken)
		for _, level := range []string{"READ", "WRITE", "READ_WRITE"} {
			fmt.Fprintf(out, "  %-11s %s\n", level, w.Tokens[level])
		}
	}
	fmt.Fprintln(out, "\nSign in at the console as")
	for _, p := range d.People {
		fmt.Fprintf(out, "  %s (%s)  %s  %s\n", p.Name, p.Role, p.Email, p.Password)
	}
	if len(d.Websites) > 0 {
		fmt.Fprintf(out, "\nOpen\n  %s/demo     a shop that carries the widget of %s\n"+
			"  %s/console  where its agents answer\n"+
			"  %s/demo/mail  the e-mails that they send\n"+
			"  %s/docs     the API's reference, which can also send requests\n", d.URL, d.Websites[0].Name, d.URL, d.URL,
			d.URL)
		fmt.Fprintf(out, "\nTry\n  curl -H 'Authorization: Bearer %s' %s/statistics/current\nAll of this is also in %s.\n",
			d.Websites[0].Tokens["READ"], d.URL, path)
	}
}
