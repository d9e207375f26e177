package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"fivechat.dev/tests/load/flame"
	"fivechat.dev/tests/load/mix"
)

// flame sends a mix's requests for a round while the system takes a profile of its processor time, and draws it into
// MIX.svg.
func (g *generator) flame(ctx context.Context, m mix.Mix, rate float64) error {
	taken := make(chan error, 1)
	var p *profile.Profile
	go func() {
		var err error
		p, err = take(ctx, g.options.admin, g.options.length)
		taken <- err
	}()
	one, err := g.measure(ctx, m, rate)
	if err = errors.Join(err, <-taken); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(g.options.flames, strings.ReplaceAll(m.Name, "/", "-")+".svg"))
	if err != nil {
		return err
	}
	title := fmt.Sprintf("%s at %.0f requests/s for %v: %v of processor time; all of Fivechat with its stores, in "+
		"one process", m.Name, rate, g.options.length, one.used.Round(10*time.Millisecond))
	return errors.Join(flame.Write(file, p, title), file.Close())
}

// take takes a profile. All components are in one process, so any component returns it.
func take(ctx context.Context, admin string, length time.Duration) (*profile.Profile, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		fmt.Sprintf("%s/api-gateway/debug/pprof/profile?seconds=%.0f", admin, max(length.Seconds(), 1)), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the profile: %s", resp.Status)
	}
	return profile.Parse(resp.Body)
}
