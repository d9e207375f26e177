package journeys_test

import (
	"os"
	"testing"

	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/journeys"
)

func TestMain(m *testing.M) { harness.Main(m) }

func TestJourneys(t *testing.T) {
	t.Parallel()
	t.Run("journeys", func(t *testing.T) { journeys.Run(t, harness.Running()) })
	t.Run("metrics", func(t *testing.T) { metrics(t, harness.Running()) })
}

// TestDialogues imports the data set in the file that FIVECHAT_DIALOGUES names. Without it the test is skipped.
func TestDialogues(t *testing.T) {
	t.Parallel()
	if file := os.Getenv("FIVECHAT_DIALOGUES"); file != "" {
		journeys.Dialogues(t, harness.Running(), file)
	}
}
