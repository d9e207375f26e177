package app

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/rediskit"
	"fivechat.dev/libs/runner"
	"fivechat.dev/libs/telemetry"
)

// minOperatorKey is the shortest operator key that is not asking to be guessed.
const minOperatorKey = 20

// leastBytes is the least BytesInFlight: a quarter of it holds the longest answer, and twice the longest body.
const leastBytes = 64 << 20

// Config is the gateway's settings.
type Config struct {
	Addr             string `env:"FIVECHAT_ADDR"`       // the public listener
	AdminAddr        string `env:"FIVECHAT_ADMIN_ADDR"` // /livez, /readyz, /metrics
	Access           runner.AdminAccess
	OperatorAddr     string          `env:"FIVECHAT_OPERATOR_ADDR"`  // /operator/*, for who runs this installation
	OperatorKey      string          `env:"FIVECHAT_OPERATOR_KEY"`   // at least 20 characters; without one there is no operator listener
	AssertionKeys    []string        `env:"FIVECHAT_ASSERTION_KEYS"` // one or two secrets of at least 32 bytes, comma-separated; the first signs
	AccountsURL      string          `env:"FIVECHAT_ACCOUNTS_URL"`   // the services: absolute URLs without a path
	ConversationsURL string          `env:"FIVECHAT_CONVERSATIONS_URL"`
	VisitorsURL      string          `env:"FIVECHAT_VISITORS_URL"`
	WidgetsURL       string          `env:"FIVECHAT_WIDGETS_URL"`
	TicketsURL       string          `env:"FIVECHAT_TICKETS_URL"`
	StatisticsURL    string          `env:"FIVECHAT_STATISTICS_URL"`
	WebhooksURL      string          `env:"FIVECHAT_WEBHOOKS_URL"`
	TrustedProxies   []netip.Prefix  `env:"FIVECHAT_TRUSTED_PROXIES"` // CIDRs whose X-Forwarded-For counts, comma-separated
	CORSOrigins      []string        `env:"FIVECHAT_CORS_ORIGINS"`    // whose pages may call operations with a bearer, comma-separated
	Timeout          time.Duration   `env:"FIVECHAT_TIMEOUT"`         // how long a request may take, at most what a service would allow
	Concurrency      int             `env:"FIVECHAT_CONCURRENCY"`     // how many requests may be under way with one service; as many more wait for a moment, the rest is refused
	BytesInFlight    int64           `env:"FIVECHAT_BYTES_IN_FLIGHT"` // how many bytes of request bodies may be held at a time, and as many of answers; a website or an address may have a quarter
	Replicas         int             `env:"FIVECHAT_REPLICAS"`        // how many gateways there are, as long as Redis has not said it
	QuotasFile       string          `env:"FIVECHAT_QUOTAS"`          // a file of rate limits in place of the defaults; followed while running
	TLSCertificate   string          `env:"FIVECHAT_TLS_CERTIFICATE"` // files in PEM: with both, the public listener speaks TLS; followed while running
	TLSKey           string          `env:"FIVECHAT_TLS_KEY"`
	Demo             bool            `env:"FIVECHAT_DEMO"` // show the shop of the demo at /demo
	Redis            rediskit.Config // optional: without it a revoked token works for seconds more, and each gateway limits by itself
	Telemetry        telemetry.Config
}

// Default listens on every address, as a container does, trusts no proxy and no origin.
func Default() Config {
	return Config{Addr: ":8080", AdminAddr: ":9090", OperatorAddr: ":8081", Timeout: httpkit.DefaultTimeout, Concurrency: 128, BytesInFlight: leastBytes, Replicas: 1, Telemetry: telemetry.Default()}
}

// Validate refuses settings that cannot work.
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
		errs = append(errs, errors.New("FIVECHAT_TLS_CERTIFICATE and FIVECHAT_TLS_KEY go together"))
	}
	for _, o := range c.CORSOrigins {
		if u, err := url.Parse(o); err != nil || u.Host == "" || u.Scheme+"://"+u.Host != o {
			errs = append(errs, fmt.Errorf("FIVECHAT_CORS_ORIGINS: %q is not an origin like https://example.com", o))
		}
	}
	if c.Redis.URL != "" {
		r, err := rediskit.Connect(c.Redis, nil) // does not connect yet
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
	} {
		u, err := url.Parse(s.value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Scheme+"://"+u.Host != s.value {
			errs = append(errs, fmt.Errorf("%s: %q is not a URL like http://host:port", s.variable, s.value))
			continue
		}
		addresses[s.name] = u
	}
	return addresses, errors.Join(errs...)
}
