package api

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

func mountDataSubjects(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "DELETE /operator/websites/{websiteId}", 202,
		operation.New(chain, "accounts.erase_website", authz.Operator,
			func(ctx context.Context, req ofWebsite) (erasureView, error) {
				t, err := tenant.New(req.WebsiteID)
				if err != nil {
					return erasureView{}, fault.Missing("website")
				}
				e, err := s.EraseWebsite(ctx, t, by(ctx))
				return erasureViewOf(e), err
			}))
	httpkit.Handle(r, "DELETE /operator/websites/{websiteId}/visitors/{token}", 202,
		operation.New(chain, "accounts.erase_visitor", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req visitorOfWebsite) (erasureView, error) {
				e, err := s.EraseVisitor(ctx, t, req.Token, by(ctx))
				return erasureViewOf(e), err
			})))
	httpkit.Handle(r, "GET /operator/erasures/{id}", 200, operation.New(chain, "accounts.get_erasure", authz.Operator,
		func(ctx context.Context, req erasureByID) (erasureView, error) {
			e, err := s.Erasure(ctx, req.ID)
			return erasureViewOf(e), err
		}))
	httpkit.Handle(r, "GET /operator/audit", 200, operation.New(chain, "accounts.list_audit", authz.Operator,
		func(ctx context.Context, req audit) (paging.Page[entryView], error) {
			found, err := s.Audit(ctx, req.filter(), req.Window)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, entryViewOf)), err
		}))
	r.Stream("GET /operator/websites/{websiteId}/export", newExporter(chain, "accounts.export_website", s))
	r.Stream("GET /operator/websites/{websiteId}/visitors/{token}/export",
		newExporter(chain, "accounts.export_visitor", s))
}

// exporter responds with an export: JSON objects, one a line. The last line has the number of rows before it, which
// distinguishes a complete export from an aborted one.
type exporter struct {
	operation.Endpoint[exportRequest, operation.None]
}

type exportRequest struct {
	*http.Request
	out *lines
}

func newExporter(chain operation.Chain, name string, s *accounts.Service) exporter {
	return exporter{operation.New(chain, name, authz.Operator,
		func(ctx context.Context, req exportRequest) (operation.None, error) {
			return operation.None{}, export(ctx, s, req)
		})}
}

// ServeHTTP implements http.Handler.
func (x exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &lines{w: w, control: http.NewResponseController(w)}
	_, err := x.Kit(r.Context(), exportRequest{r, out})
	switch {
	case err == nil:
	case out.begun:
		panic(http.ErrAbortHandler) // so that the client doesn't take it for a complete export
	default:
		httpkit.WriteProblem(w, r.URL.Path, httpkit.RequestID(r.Context()), err)
	}
}

func export(ctx context.Context, s *accounts.Service, r exportRequest) error {
	id, err := strconv.ParseInt(r.PathValue("websiteId"), 10, 64)
	if err != nil || id <= 0 {
		return fault.Bad("websiteId", "must be a positive whole number")
	}
	w, err := findWebsite(ctx, s, id)
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		return r.out.write(nil)
	}
	of := subject.Website(w.ID)
	if token := r.PathValue("token"); token != "" { // the route of a visitor's data
		if of, err = s.VisitorOf(ctx, w.ID, token); err != nil {
			return err
		}
	}
	if err := s.BeginExport(ctx, of, by(ctx)); err != nil {
		return err
	}
	total, err := s.Export(ctx, of, r.out.write)
	if err != nil {
		return err
	}
	return r.out.write([][]byte{fmt.Appendf(nil, `{"kind":"end","rows":%d}`, total)})
}

// patience limits the time of writing one page.
const patience = time.Minute

// lines writes the lines of an export.
type lines struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

// write writes the rows of a page.
func (l *lines) write(rows [][]byte) error {
	if !l.begun {
		l.begun = true
		// Without this, the read deadline of the request would pass and look like a client that has disconnected.
		_ = l.control.SetReadDeadline(time.Time{}) // a writer without support has no deadline
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.w.WriteHeader(http.StatusOK)
	}
	_ = l.control.SetWriteDeadline(time.Now().Add(patience))
	b := bufio.NewWriter(l.w)
	for _, row := range rows {
		_, _ = b.Write(row)
		_ = b.WriteByte('\n') // Flush returns the error
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return l.control.Flush()
}
