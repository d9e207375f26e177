package httpkit_test

import (
	"context"
	"mime"
	"net/http"
	"net/http/httptest"
	"testing"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

func TestFilesAreSavedAndNeverShown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"bill.pdf", "Rechnung März.pdf", `a"; filename=b.html`, "x\r\nSet-Cookie: a=b", "", "請求書.pdf",
	} {
		r, chain, assertion := newRouter(t)
		httpkit.Handle(r, "GET /file", 200, operation.New(chain, "test.file", authz.Public,
			func(context.Context, operation.None) (httpkit.File, error) {
				return httpkit.File{Name: name, Media: "application/octet-stream", Content: []byte("<script>")}, nil
			}))
		req := httptest.NewRequest(http.MethodGet, "/file", nil)
		req.Header.Set(identity.Header, assertion)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		h := w.Header()
		disposition, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if err != nil || disposition != "attachment" || params["filename"] != name {
			t.Errorf("the name %q is sent as %q: %v", name, h.Get("Content-Disposition"), err)
		}
		if h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Set-Cookie") != "" || w.Code != 200 || w.Body.String() != "<script>" {
			t.Errorf("%d %v %q", w.Code, h, w.Body)
		}
	}
}
