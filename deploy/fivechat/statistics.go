package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

// errDrift ends a recount that found something wrong and left it so.
var errDrift = errors.New("counters are wrong: --repair corrects them")

const recountHelp = "" +
	"Recount a website's conversations and visitors, and compare them with its counters, also while the website\n" +
	"is used. The command fails if a counter is wrong and wasn't repaired. Histories are not recounted."

func statisticsCommand() *cobra.Command {
	at := &operatorFlags{}
	c := &cobra.Command{Use: "statistics", Short: "A website's statistics: compare counters with the stored data"}
	at.add(c)
	website := websiteFlag(c)
	var repair bool
	recount := &cobra.Command{
		Use:   "recount",
		Short: "Recount a website's conversations and visitors, and show differences",
		Args:  cobra.NoArgs,
		Long:  recountHelp,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			r, err := client.Recount(c.Context(), *website, repair)
			if err != nil {
				return err
			}
			return showRecount(c, r)
		}),
	}
	recount.Flags().BoolVar(&repair, "repair", false, "correct the counters that are wrong")
	c.AddCommand(recount)
	return c
}

func showRecount(c *cobra.Command, r operator.Recount) error {
	if len(r.Drift) == 0 {
		fmt.Fprintln(c.OutOrStdout(), "all counters are right")
		return nil
	}
	err := table(c, "COUNTER\tKEPT\tRECOUNTED\tDIFFERENCE", func(row func(...any)) {
		for _, d := range r.Drift {
			row(d.Counter, number(d.Kept), number(d.Recounted), number(d.Difference))
		}
	})
	if err != nil || !r.Repaired {
		return errors.Join(err, errDrift)
	}
	fmt.Fprintln(c.OutOrStdout(), "repaired")
	return nil
}

// number gives a count, or seconds to the millisecond, without an exponent.
func number(x float64) string { return strconv.FormatFloat(math.Round(x*1000)/1000, 'f', -1, 64) }
