package main

import (
	"bytes"
	"testing"

	"fivechat.dev/deploy/fivechat/operator"
)

func TestShowProgress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		all     []operator.SearchIndex
		out     string
		working bool
	}{
		"done": {
			[]operator.SearchIndex{{Index: "tickets", Version: 2, Last: 9, Newest: 9}},
			"tickets: all rows are analysed\n", false,
		},
		"one at work": {
			[]operator.SearchIndex{
				{Index: "conversations", Version: 2, Reindexing: true, Last: 50, Newest: 1200},
				{Index: "tickets", Version: 2},
			},
			"conversations: analysing, row 50 of 1200\ntickets: all rows are analysed\n", true,
		},
	} {
		var out bytes.Buffer
		if working := showProgress(&out, c.all); working != c.working || out.String() != c.out {
			t.Errorf("%s: %t\n%s", name, working, out.String())
		}
	}
}
