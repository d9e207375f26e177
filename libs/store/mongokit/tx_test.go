package mongokit

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"fivechat.dev/libs/kernel/fault"
)

// steppedDown is what the driver returns for a commit whose primary has stepped down, if it finds no new one in time to
// repeat the commit.
var steppedDown = driver.WriteCommandError{WriteConcernError: &driver.WriteConcernError{Code: 11602}}

func TestConfirmRepeatsCommits(t *testing.T) {
	t.Parallel()
	noPrimary := topology.ServerSelectionError{Wrapped: errors.New("no primary")}
	aborted := errors.New("aborted")
	for name, c := range map[string]struct {
		first  error
		then   []error
		result error
		left   int // of then
	}{
		"a success needs nothing":        {nil, []error{aborted}, nil, 1},
		"a failure of another kind":      {aborted, []error{nil}, aborted, 1},
		"confirmed by the new primary":   {steppedDown, []error{nil}, nil, 0},
		"confirmed after an election":    {steppedDown, []error{noPrimary, steppedDown, nil, aborted}, nil, 1},
		"the transaction doesn't exist":  {steppedDown, []error{aborted, nil}, aborted, 1},
		"a write that can't be majority": {unsatisfiable, []error{nil}, unsatisfiable, 1},
	} {
		then := c.then
		err := confirm(t.Context(), time.Minute, func(context.Context) error {
			err := then[0]
			then = then[1:]
			return err
		}, c.first)
		if fmt.Sprint(err) != fmt.Sprint(c.result) || len(then) != c.left {
			t.Errorf("%s: %v, %d answers left; want %v, %d", name, err, len(then), c.result, c.left)
		}
	}
}

// unsatisfiable says that the write concern can never be met.
var unsatisfiable = driver.WriteCommandError{WriteConcernError: &driver.WriteConcernError{Code: 100}}

func TestConfirmEndsWithItsDeadline(t *testing.T) {
	t.Parallel()
	commit := func(context.Context) error { return steppedDown }
	err := translate(confirm(t.Context(), 10*time.Millisecond, commit, steppedDown), "")
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("after its limit: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := confirm(ctx, time.Minute, commit, steppedDown); !unconfirmed(err) {
		t.Errorf("after its context: %v", err)
	}
	if err := translate(unsatisfiable, ""); fault.Is(err, fault.Unavailable) {
		t.Errorf("a write concern that can't be met is no temporary failure: %v", err)
	}
}
