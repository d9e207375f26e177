package browser

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
)

// stage is a system of its own with a website, for tests that do random things while connections break and the server
// restarts.
type stage struct {
	t       *testing.T
	random  *rand.Rand
	options system.Options
	system  *system.System // nil while it is stopped
	gate    *gate
	website *harness.Website
	count   int // of messages and tabs
}

func newStage(t *testing.T, seed uint64) *stage {
	t.Helper()
	settings := system.DefaultSettings()
	settings.Gateway.Addr = harness.FreeAddrs(t, 1)[0]
	quotas, err := harness.GenerousQuotas(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	settings.Gateway.QuotasFile = quotas
	s := &stage{
		t:       t,
		random:  rand.New(rand.NewPCG(seed, 0)),
		options: system.Options{Settings: &settings, Data: t.TempDir(), Log: &strings.Builder{}},
	}
	s.start()
	t.Cleanup(s.stop)
	s.gate = newGate(t, s.system.URL())
	s.website = harness.System{
		URL: s.system.URL(), OperatorURL: s.system.OperatorURL(), OperatorKey: s.system.OperatorKey(),
	}.Website(t, harness.Free)
	return s
}

func (s *stage) start() {
	s.t.Helper()
	var err error
	if s.system, err = system.Start(context.Background(), s.options); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) stop() {
	s.t.Helper()
	if s.system == nil {
		return
	}
	if err := s.system.Stop(context.Background()); err != nil {
		s.t.Error(err)
	}
	s.system = nil
}

// next is the text of the next message. Its author is in it, for the log.
func (s *stage) next(author string) string {
	s.count++
	return fmt.Sprintf("%s-%d.", author, s.count)
}

// deed is something that can happen, as often as its weight says.
type deed struct {
	weight int
	name   string
	do     func()
}

// pick does one of the deeds.
func (s *stage) pick(who string, deeds []deed) {
	s.t.Helper()
	sum := 0
	for _, d := range deeds {
		sum += d.weight
	}
	at := s.random.IntN(sum)
	for _, d := range deeds {
		if at -= d.weight; at < 0 {
			s.t.Logf("%s: %s", who, d.name)
			d.do()
			return
		}
	}
}

// disturbances are deeds of the network and of the server.
func (s *stage) disturbances() []deed {
	return []deed{
		{6, "connections break", func() { s.gate.shut(); s.gate.unshut() }},
		{often(s.gate.isShut.Load(), 3), "network of the server", func() {
			if s.gate.isShut.Load() {
				s.gate.unshut()
			} else {
				s.gate.shut()
			}
		}},
		{often(s.system == nil, 3), "stop or start the server", func() {
			if s.system == nil {
				s.start()
			} else {
				s.stop()
			}
		}},
	}
}

// calm ends the disturbances.
func (s *stage) calm() {
	s.t.Helper()
	s.gate.unshut()
	s.gate.losesReads.Store(false)
	if s.system == nil {
		s.start()
	}
}

// often makes the end of a disturbance more probable than its beginning.
func often(isDisturbed bool, weight int) int {
	if isDisturbed {
		return 8 * weight
	}
	return weight
}

// number returns the number in an environment variable.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
