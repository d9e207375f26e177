package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

func TestShowRecount(t *testing.T) {
	t.Parallel()
	drift := []operator.Drift{
		{Counter: "totalMessages", Kept: 1250000, Recounted: 1249995, Difference: 5},
		{Counter: "responseSeconds", Kept: 1, Recounted: 2.5, Difference: -1.5},
	}
	const table = "COUNTER          KEPT     RECOUNTED  DIFFERENCE\n" +
		"totalMessages    1250000  1249995    5\n" +
		"responseSeconds  1        2.5        -1.5\n"
	for name, c := range map[string]struct {
		found operator.Recount
		out   string
		err   error
	}{
		"right":    {operator.Recount{}, "all counters are right\n", nil},
		"wrong":    {operator.Recount{Drift: drift}, table, errDrift},
		"repaired": {operator.Recount{Drift: drift, Repaired: true}, table + "repaired\n", nil},
	} {
		var out bytes.Buffer
		cmd := &cobra.Command{}
		cmd.SetOut(&out)
		if err := showRecount(cmd, c.found); !errors.Is(err, c.err) || out.String() != c.out {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
}
