package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/widgets"
)

// TestSource holds what every page that loads the widget relies on.
func TestSource(t *testing.T) {
	t.Parallel()
	if len(source) > 10<<10 {
		t.Errorf("the script has %d bytes, want at most 10 KiB", len(source))
	}
	if n := strings.Count(source, "SETTINGS"); n != 1 {
		t.Errorf("the settings have %d places, want 1", n)
	}
	for _, banned := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".cssText", "'style'", "onclick"} {
		if strings.Contains(source, banned) {
			t.Errorf("the script uses %s, which lets data run or a strict content security policy refuse it", banned)
		}
	}
}

// one is a store that has one widget.
type one struct{ widgets.Store }

func (one) Tenant(context.Context, string) (tenant.ID, error) { return tenant.ID{}, nil }
func (one) Get(context.Context, tenant.ID) (widgets.Widget, error) {
	return widgets.Default(tenant.ID{}, "wgt_a"), nil
}

func TestScriptIsJavaScript(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/widget/wgt_a", nil)
	r.SetPathValue("clientToken", "wgt_a")
	w := httptest.NewRecorder()
	script(widgets.New(one{})).ServeHTTP(w, r.WithContext(identity.With(r.Context(), identity.Principal{Kind: identity.Public})))
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "text/javascript; charset=utf-8" {
		t.Errorf("answers %d %q", w.Code, got)
	}
}
