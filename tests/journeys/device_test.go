package journeys

import (
	"net/http"
	"testing"

	"fivechat.dev/tests/harness"
)

const deviceCookie = "__Host-fivechat-device"

// TestKnownDeviceSignsInDuringAnAttack: attempts from elsewhere use up those for the address, and not those of a
// browser in which the person has signed in. Only its cookie proves that, not the header by which the service gets it.
func TestKnownDeviceSignsInDuringAnAttack(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	una := w.Person(t, harness.Agent)
	right := harness.Map{"email": una.Email, "password": harness.Password}
	wrong := harness.Map{"email": una.Email, "password": "a wrong password"}
	var device string
	in := w.Public().Do(t, "POST", "/auth/password", right).Want(t, 200)
	for _, c := range (&http.Response{Header: in.Header}).Cookies() {
		if c.Name == deviceCookie {
			device = c.Value
		}
	}
	if device == "" {
		t.Fatalf("signing in sets %v", in.Header.Values("Set-Cookie"))
	}
	for range 9 {
		w.Public().Do(t, "POST", "/auth/password", wrong).Want(t, 401)
	}
	known := w.Public().With("Cookie", deviceCookie+"="+device)
	w.Public().Do(t, "POST", "/auth/password", right).Want(t, 429)
	w.Public().With("X-Fivechat-Device", device).Do(t, "POST", "/auth/password", right).Want(t, 429)
	w.Public().With("Cookie", deviceCookie+"="+device+"; "+deviceCookie+"=x").
		Do(t, "POST", "/auth/password", right).Want(t, 429)
	known.Do(t, "POST", "/auth/password", right).Want(t, 200)
}
