package app_test

import (
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/kernel/identity"
)

func TestOperatorListener(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, c := range []struct {
		method, path string
		headers      []string
		status       int
		code         string
	}{
		{"GET", "/operator/websites", []string{bearer(operatorKey)}, 200, ""},
		{"POST", "/operator/websites", []string{bearer(operatorKey)}, 200, ""},
		{"POST", "/operator/websites/1/users", []string{bearer(operatorKey)}, 200, ""},
		{"DELETE", "/operator/websites/1/tokens/2", []string{bearer(operatorKey)}, 200, ""},
		{"GET", "/operator/websites", nil, 401, "token_missing"},
		{"GET", "/operator/websites", []string{bearer(bothPro)}, 401, "token_invalid"},
		{"GET", "/operator/websites", []string{bearer(operatorKey + "x")}, 401, "token_invalid"},
		{"GET", "/operator/websites", []string{bearer(operatorKey), bearer(operatorKey)}, 401, "token_missing"},
		{"PUT", "/operator/websites", []string{bearer(operatorKey)}, 405, "method_not_allowed"},
		{"GET", "/operator", []string{bearer(operatorKey)}, 404, "not_found"},
		{"GET", "/conversations", []string{bearer(bothPro)}, 404, "not_found"},
		{"GET", "/health", nil, 404, "not_found"},
	} {
		a := h.do(c.method, h.operator+c.path, nil, c.headers...)
		if a.StatusCode != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.StatusCode, a.body)
			continue
		}
		if c.status != http.StatusOK {
			if p := h.problem(a); p.Code != c.code {
				t.Errorf("%s %s: %s, want %s", c.method, c.path, p.Code, c.code)
			}
			continue
		}
		saw := h.echoed(a)
		if saw.Service != "accounts" || saw.Principal != (identity.Principal{Kind: identity.Operator}) ||
			saw.Header.Get("Authorization") != "" {
			t.Errorf("%s %s: %s saw %+v", c.method, c.path, saw.Service, saw.Principal)
		}
	}
}

func TestNoOperatorListenerWithoutKey(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.OperatorKey = "" })
	if h.operator != "http://" {
		t.Errorf("it listens at %s", h.operator)
	}
}

func TestInvalidSettingsAreRefused(t *testing.T) {
	t.Parallel()
	good := app.Default()
	good.AssertionKeys = []string{assertionKey}
	good.AccountsURL, good.ConversationsURL, good.VisitorsURL = "http://a:1", "http://c:1", "https://v"
	good.WidgetsURL, good.TicketsURL, good.StatisticsURL, good.WebhooksURL = "http://w", "http://t", "http://s", "http://h"
	good.WorkspaceURL, good.MailURL, good.FilesURL = "http://k", "http://m", "http://n"
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*app.Config){
		"FIVECHAT_ASSERTION_KEYS":    func(c *app.Config) { c.AssertionKeys = []string{"short"} },
		"FIVECHAT_OPERATOR_KEY":      func(c *app.Config) { c.OperatorKey = "nineteen characters" },
		"FIVECHAT_ACCOUNTS_URL":      func(c *app.Config) { c.AccountsURL = "" },
		"FIVECHAT_TICKETS_URL":       func(c *app.Config) { c.TicketsURL = "http://t/path" },
		"FIVECHAT_WIDGETS_URL":       func(c *app.Config) { c.WidgetsURL = "ftp://w" },
		"FIVECHAT_STATISTICS_URL":    func(c *app.Config) { c.StatisticsURL = "http://user:secret@s" },
		"FIVECHAT_CORS_ORIGINS":      func(c *app.Config) { c.CORSOrigins = []string{"*"} },
		"FIVECHAT_TIMEOUT":           func(c *app.Config) { c.Timeout = 0 },
		"REDIS_URL":                  func(c *app.Config) { c.Redis.URL = "localhost" },
		"FIVECHAT_CONVERSATIONS_URL": func(c *app.Config) { c.ConversationsURL = "://" },
	} {
		c := good
		spoil(&c)
		_, err := app.New(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "nineteen") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
