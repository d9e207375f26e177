package mongoerr_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fivechat.dev/libs/embedmongo/internal/mongoerr"
)

func TestCodesSurviveWrapping(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("insert: %w", mongoerr.New(mongoerr.WriteConflict, "conflict on %s", "x"))
	if !mongoerr.Is(wrapped, mongoerr.WriteConflict) || mongoerr.Is(wrapped, mongoerr.BadValue) {
		t.Errorf("%v loses its code", wrapped)
	}
	if e := mongoerr.As(wrapped); e.Code != mongoerr.WriteConflict || e.Error() != "conflict on x" {
		t.Errorf("the client gets %+v", e)
	}
	foreign := errors.New("disk failure")
	if e := mongoerr.As(foreign); e.Code != mongoerr.InternalError || mongoerr.Is(foreign, mongoerr.InternalError) {
		t.Errorf("a foreign error becomes %+v", e)
	}
}

func TestNamesAreThoseOfMongoDB(t *testing.T) {
	t.Parallel()
	for code, want := range map[mongoerr.Code]string{
		mongoerr.WriteConflict: "WriteConflict", mongoerr.BadValue: "BadValue", 40415: "Location40415",
	} {
		if got := code.Name(); got != want {
			t.Errorf("code %d is %s, want %s", code, got, want)
		}
	}
}

func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	e := mongoerr.New(mongoerr.BadValue, "%s", strings.Repeat("ä", 20_000))
	if len(e.Msg) > 17<<10 || !utf8.ValidString(e.Msg) || !strings.HasSuffix(e.Msg, "...") {
		t.Errorf("a message of %d bytes, valid UTF-8: %t", len(e.Msg), utf8.ValidString(e.Msg))
	}
}

// TestWithLabelCopies: errors can be shared, so a label must not change the original.
func TestWithLabelCopies(t *testing.T) {
	t.Parallel()
	e := mongoerr.New(mongoerr.WriteConflict, "conflict")
	labelled := e.WithLabel(mongoerr.Transient).WithLabel(mongoerr.RetryableWrite)
	if len(e.Labels) != 0 || !slices.Equal(labelled.Labels, []string{mongoerr.Transient, mongoerr.RetryableWrite}) {
		t.Errorf("the original has %v, the copy %v", e.Labels, labelled.Labels)
	}
}
