package apitest

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"fivechat.dev/libs/kernel/identity"
)

// Redirect sends a GET request as p and returns the response without its body. It doesn't follow a redirect.
func (s *Service) Redirect(p identity.Principal, path string, header ...string) *http.Response {
	s.t.Helper()
	return s.plain(p, http.MethodGet, path, nil, header...)
}

// Form posts a form as p.
func (s *Service) Form(p identity.Principal, path string, form url.Values) Answer {
	s.t.Helper()
	body := strings.NewReader(form.Encode())
	resp := s.plain(p, http.MethodPost, path, body, "Content-Type", "application/x-www-form-urlencoded")
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return Answer{resp.StatusCode, string(text)}
}

func (s *Service) plain(
	p identity.Principal, method, path string, body io.Reader, header ...string,
) *http.Response {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	assertion, err := s.keys.Sign(p)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set(identity.Header, assertion)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	return resp
}
