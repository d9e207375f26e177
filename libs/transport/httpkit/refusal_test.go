package httpkit

import (
	"net/http"
	"testing"

	"fivechat.dev/libs/kernel/fault"
)

// TestRefusalDecodesInstancesWithAnyCharacter: a problem repeats the path of the refused request. The path may hold
// characters that a caller's body may not. Refusal returns the other service's fault for these too.
func TestRefusalDecodesInstancesWithAnyCharacter(t *testing.T) {
	t.Parallel()
	for name, instance := range map[string]string{
		"plain":   "/internal/visitors/a",
		"NUL":     `/internal/visitors/a\u0000b`,
		"control": `/internal/visitors/a\u0001b`,
	} {
		body := `{"status":404,"code":"not_found","detail":"visitor not found","instance":"` + instance + `","extra":1}`
		if err := Refusal(http.StatusNotFound, "", []byte(body)); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Refusal(http.StatusNotFound, "", []byte("<html>")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a body that isn't a problem: %v", err)
	}
}
