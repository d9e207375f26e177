package httpkit

import (
	"net/http"
	"testing"

	"fivechat.dev/libs/kernel/fault"
)

// TestRefusalIsReadWhateverThePathHolds: the path of the refused request, which a problem repeats, may hold characters that
// a caller's body may not. The refusal is the sibling's all the same.
func TestRefusalIsReadWhateverThePathHolds(t *testing.T) {
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
		t.Errorf("what is no problem: %v", err)
	}
}
