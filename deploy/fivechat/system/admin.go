package system

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"fivechat.dev/deploy/fivechat/status"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/runner"
)

// adminListener is the name of the one listener for operators of the whole process.
const adminListener = "status"

// startAdmin lets an address answer with /status, with /livez and /readyz of all components, and below /NAME with what
// the admin listener of a component alone answers: /NAME/metrics and so on.
func (s *System) startAdmin(ctx context.Context, addr string, access runner.AdminAccess, c telemetry.Config) error {
	c.OTLPEndpoint = "" // nothing here is traced
	tele, err := telemetry.New(ctx, "status", c)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	var components []status.Component
	for _, r := range s.running {
		components = append(components, r)
		mux.Handle("/"+r.Name()+"/", http.StripPrefix("/"+r.Name(), r.Admin()))
	}
	board := status.New(components)
	mux.Handle("GET /status", board)
	mux.Handle("GET /{$}", http.RedirectHandler("/status", http.StatusFound))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		st, err := board.Status(r.Context())
		var not []string
		for _, f := range st.Components {
			if !f.Ready {
				not = append(not, f.Name+": "+f.Reason)
			}
		}
		if err != nil {
			not = append(not, err.Error())
		}
		if len(not) > 0 {
			http.Error(w, strings.Join(not, "\n"), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	s.admin, err = s.start(runner.Unit{ //nolint:contextcheck // it runs until Close
		Name: "status", Telemetry: tele, Tasks: []runner.Task{{Name: "samples", Run: board.Run}},
		Listeners: []runner.Listener{{Name: adminListener, Addr: addr, Handler: access.Guard(mux)}},
	}, nil)
	return err
}

// AdminURL is where operators look, "" where Options.Admin was.
func (s *System) AdminURL() string {
	if s.admin == nil {
		return ""
	}
	return s.admin.URL(adminListener)
}
