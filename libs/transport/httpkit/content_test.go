package httpkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

type received struct {
	Name    string          `query:"name" json:"-"`
	Content httpkit.Content `json:"-"`
}

func (r received) Validate() error {
	if r.Name == "" {
		return fault.Bad("name", "must not be empty")
	}
	return nil
}

// TestContentIsPassedOnAsItIs: a body of any media type reaches the operation, up to the route's limit, and parameters
// are bound and checked as in any other operation.
func TestContentIsPassedOnAsItIs(t *testing.T) {
	t.Parallel()
	r, chain, assertion := newRouter(t)
	httpkit.Handle(r, "POST /contents", 201, operation.New(chain, "test.receive", authz.Public,
		func(_ context.Context, req received) (string, error) {
			b, err := io.ReadAll(req.Content)
			var long *http.MaxBytesError
			if errors.As(err, &long) {
				return "", httpkit.TooLarge(long.Limit)
			}
			return fmt.Sprintf("%s %d", req.Name, len(b)), err
		}), httpkit.Body(8))
	for _, c := range []struct {
		path, media, body string
		status            int
		want              string
	}{
		{"/contents?name=a", "image/png", "\x89PNG", 201, `"a 4"`},
		{"/contents?name=a", "application/json", "{not JSON", 413, "body_too_large"},
		{"/contents?name=a", "application/json", "{", 201, `"a 1"`},
		{"/contents?name=a", "", "", 201, `"a 0"`},
		{"/contents", "image/png", "x", 400, `"field":"name"`},
	} {
		req := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.body))
		req.Header.Set(identity.Header, assertion)
		req.Header.Set("Content-Type", c.media)
		req.Header.Set(httpkit.IdempotencyKeyHeader, "a key") // is ignored
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s with %q: %d %s", c.path, c.body, w.Code, w.Body)
		}
	}
}
