package listener

import "testing"

// TestPrivateServersOnlyPassMailOn: a load balancer or a relay of the installation isn't what SPF is about.
func TestPrivateServersOnlyPassMailOn(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]string{
		"203.0.113.1": "203.0.113.1", "::ffff:203.0.113.1": "203.0.113.1", "2001:db8::1": "2001:db8::1",
		"10.1.2.3": "", "fd00::1": "", "127.0.0.1": "", "fe80::1%eth0": "", "": "", "pipe": "",
	} {
		got := clientOf(peer)
		if got.IsValid() != (want != "") || got.IsValid() && got.String() != want {
			t.Errorf("the client at %q is %v", peer, got)
		}
	}
}
