package app

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

// minOperatorKey is the shortest operator key, in characters, that can't be guessed.
const minOperatorKey = 20

// leastBytes is the least BytesInFlight: a quarter of it, the share of one holder, has room for the longest response
// and for twice the longest body.
const leastBytes = 64 << 20

// Config is the gateway's settings. The comments are the table in docs/configuration.md.
type Config struct {
	// Address of the public listener.
	Addr string `env:"FIVECHAT_ADDR"`
	// Address of the admin listener: `/livez`, `/readyz`, `/metrics` and `/loglevel`.
	AdminAddr string `env:"FIVECHAT_ADMIN_ADDR"`
	Access    runner.AdminAccess
	// Address of the operator API, `/operator/*`.
	OperatorAddr string `env:"FIVECHAT_OPERATOR_ADDR"`
	// Key of the operator API, at least 20 characters. Without a key, the operator API is not served.
	OperatorKey string `env:"FIVECHAT_OPERATOR_KEY"`
	// One or two secrets of at least 32 bytes that sign and verify requests between components. The first one signs.
	AssertionKeys []string `env:"FIVECHAT_ASSERTION_KEYS"`
	// Base URL of the accounts service.
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
	// Base URL of the conversations service.
	ConversationsURL string `env:"FIVECHAT_CONVERSATIONS_URL"`
	// Base URL of the visitors service.
	VisitorsURL string `env:"FIVECHAT_VISITORS_URL"`
	// Base URL of the widgets service.
	WidgetsURL string `env:"FIVECHAT_WIDGETS_URL"`
	// Base URL of the tickets service.
	TicketsURL string `env:"FIVECHAT_TICKETS_URL"`
	// Base URL of the statistics service.
	StatisticsURL string `env:"FIVECHAT_STATISTICS_URL"`
	// Base URL of the webhooks service.
	WebhooksURL string `env:"FIVECHAT_WEBHOOKS_URL"`
	// Base URL of the workspace service.
	WorkspaceURL string `env:"FIVECHAT_WORKSPACE_URL"`
	// Base URL of the mail service.
	MailURL string `env:"FIVECHAT_MAIL_URL"`
	// Base URL of the files service.
	FilesURL string `env:"FIVECHAT_FILES_URL"`
	// Proxies whose `X-Forwarded-For` is trusted. Without any, a client's address is that of its connection.
	TrustedProxies []netip.Prefix `env:"FIVECHAT_TRUSTED_PROXIES"`
	// Origins like `https://example.com` whose pages may call the API with a bearer token (CORS).
	CORSOrigins []string `env:"FIVECHAT_CORS_ORIGINS"`
	// Deadline of a request, more than 0 and at most the default.
	Timeout time.Duration `env:"FIVECHAT_TIMEOUT"`
	// Concurrent requests per upstream service. As many again queue for up to 100 ms; excess requests get 503.
	Concurrency int `env:"FIVECHAT_CONCURRENCY"`
	// Bytes of request bodies held at a time, and as many of responses. One website or address may hold a quarter. At
	// least 64 MiB.
	BytesInFlight int64 `env:"FIVECHAT_BYTES_IN_FLIGHT"`
	// Number of gateway replicas that share the quotas, until Redis has reported how many there are.
	Replicas int `env:"FIVECHAT_REPLICAS"`
	// Path of the quota file, which replaces default rate limits. A change is loaded while running.
	QuotasFile string `env:"FIVECHAT_QUOTAS"`
	// PEM file with the certificate of the public listener. Set it with `FIVECHAT_TLS_KEY` to serve TLS. A change is
	// loaded while running.
	TLSCertificate string `env:"FIVECHAT_TLS_CERTIFICATE"`
	// PEM file with the private key of the certificate.
	TLSKey string `env:"FIVECHAT_TLS_KEY"`
	// Serve the demo shop at `/demo`.
	Demo bool `env:"FIVECHAT_DEMO"`
	// Path of a file with the demo's people and their passwords, `demo.json`. With `FIVECHAT_DEMO`, the console offers
	// browsers on this machine to sign in as one of them. `fivechat run --demo` sets it.
	DemoPeople string `env:"FIVECHAT_DEMO_PEOPLE"`
	// The page of the mails that a demo in one process has sent; nil: none.
	DemoMail http.Handler
	// Redis is optional. Without it, a revoked token stays valid for some seconds, and each gateway enforces its share
	// of the quotas by itself.
	Redis     rediskit.Config
	Telemetry telemetry.Config
}

// Default listens on every address, as a container does. It trusts no proxy and no origin.
func Default() Config {
	return Config{
		Addr:          ":8080",
		AdminAddr:     ":9090",
		OperatorAddr:  ":8081",
		Timeout:       httpkit.DefaultTimeout,
		Concurrency:   128,
		BytesInFlight: leastBytes,
		Replicas:      1,
		Telemetry:     telemetry.Default(),
	}
}

// Validate reports all settings that can't work.
func (c Config) Validate() error {
	_, keys := c.keyring()
	_, services := c.services()
	errs := []error{keys, services, c.Telemetry.Validate()}
	if c.OperatorKey != "" && len(c.OperatorKey) < minOperatorKey {
		errs = append(errs, fmt.Errorf("FIVECHAT_OPERATOR_KEY is shorter than %d characters", minOperatorKey))
	}
	if c.Timeout <= 0 || c.Timeout > httpkit.DefaultTimeout {
		errs = append(errs, fmt.Errorf("FIVECHAT_TIMEOUT must be positive and at most %s", httpkit.DefaultTimeout))
	}
	if c.Concurrency < 1 || c.Replicas < 1 {
		errs = append(errs, errors.New("FIVECHAT_CONCURRENCY and FIVECHAT_REPLICAS must be positive"))
	}
	if c.BytesInFlight < leastBytes {
		errs = append(errs, fmt.Errorf("FIVECHAT_BYTES_IN_FLIGHT must be at least %d", leastBytes))
	}
	if (c.TLSCertificate == "") != (c.TLSKey == "") {
		errs = append(errs, errors.New("FIVECHAT_TLS_CERTIFICATE and FIVECHAT_TLS_KEY must be set together"))
	}
	for _, o := range c.CORSOrigins {
		if u, err := url.Parse(o); err != nil || u.Host == "" || u.Scheme+"://"+u.Host != o {
			errs = append(errs, fmt.Errorf("FIVECHAT_CORS_ORIGINS: %q is not an origin like https://example.com", o))
		}
	}
	if c.Redis.URL != "" {
		r, err := rediskit.Connect(c.Redis, nil) // doesn't connect yet
		if err == nil {
			err = r.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c Config) keyring() (*identity.Keyring, error) {
	ring, err := identity.ParseKeyring(c.AssertionKeys)
	if err != nil {
		return nil, fmt.Errorf("FIVECHAT_ASSERTION_KEYS: %w", err)
	}
	return ring, nil
}

func (c Config) services() (map[route.Upstream]*url.URL, error) {
	addresses := map[route.Upstream]*url.URL{}
	var errs []error
	for _, s := range []struct {
		name     route.Upstream
		variable string
		value    string
	}{
		{route.Accounts, "FIVECHAT_ACCOUNTS_URL", c.AccountsURL},
		{route.Conversations, "FIVECHAT_CONVERSATIONS_URL", c.ConversationsURL},
		{route.Visitors, "FIVECHAT_VISITORS_URL", c.VisitorsURL},
		{route.Widgets, "FIVECHAT_WIDGETS_URL", c.WidgetsURL},
		{route.Tickets, "FIVECHAT_TICKETS_URL", c.TicketsURL},
		{route.Statistics, "FIVECHAT_STATISTICS_URL", c.StatisticsURL},
		{route.Webhooks, "FIVECHAT_WEBHOOKS_URL", c.WebhooksURL},
		{route.Workspace, "FIVECHAT_WORKSPACE_URL", c.WorkspaceURL},
		{route.Mail, "FIVECHAT_MAIL_URL", c.MailURL},
		{route.Files, "FIVECHAT_FILES_URL", c.FilesURL},
	} {
		u, err := url.Parse(s.value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
			u.Scheme+"://"+u.Host != s.value {
			errs = append(errs, fmt.Errorf("%s: %q is not a URL like http://host:port", s.variable, s.value))
			continue
		}
		addresses[s.name] = u
	}
	return addresses, errors.Join(errs...)
}
