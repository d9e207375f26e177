package mongokit

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"fivechat.dev/libs/kernel/fault"
)

// TestTranslateClassifiesServerErrors: a temporary failure of the server is Unavailable, not Internal.
func TestTranslateClassifiesServerErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"no row":      {mongo.ErrNoDocuments, fault.NotFound},
		"a full disk": {mongo.CommandError{Code: 14031, Message: "the disk is full"}, fault.Unavailable},
		"a full disk, in bulk": {
			mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 14031}}}, fault.Unavailable,
		},
		"stepped down":      {mongo.CommandError{Code: 189}, fault.Unavailable},
		"no longer primary": {fmt.Errorf("read: %w", mongo.CommandError{Code: 10107}), fault.Unavailable},
		"shutting down":     {mongo.CommandError{Code: 91}, fault.Unavailable},
		"labelled": {
			mongo.CommandError{Code: 1, Labels: []string{"RetryableWriteError"}}, fault.Unavailable,
		},
		"a mistake":             {mongo.CommandError{Code: 2, Message: "BadValue"}, fault.Internal},
		"a mistake, in a write": {mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121}}}, fault.Internal},
	} {
		if got := fault.From(translate(c.err, "row")).Kind; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
