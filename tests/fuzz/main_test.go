package fuzz_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"fivechat.dev/tests/harness"
)

// checks is the default number of requests drawn for each operation.
const checks = 40

// TestMain draws as many requests of each operation as FIVECHAT_FUZZ_CHECKS says.
func TestMain(m *testing.M) {
	n := os.Getenv("FIVECHAT_FUZZ_CHECKS")
	if _, err := strconv.Atoi(n); err != nil {
		n = strconv.Itoa(checks)
	}
	_ = flag.Set("rapid.checks", n)          // both flags are rapid's own
	_ = flag.Set("rapid.nofailfile", "true") // the seed is enough to repeat a failure
	harness.Main(m)
}
