// Package app puts the mail service together.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/services/mail"
	"fivechat.dev/services/mail/internal/api"
	"fivechat.dev/services/mail/internal/clients"
	"fivechat.dev/services/mail/internal/limits"
	"fivechat.dev/services/mail/internal/listener"
	"fivechat.dev/services/mail/internal/mongostore"
	"fivechat.dev/services/mail/internal/outgoing"
	"fivechat.dev/services/mail/internal/relay"
	"fivechat.dev/services/mail/internal/work"
)

// Config is the service's settings.
type Config struct {
	servicekit.Config
	// Base URL of the accounts service.
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
	// Base URL of the tickets service.
	TicketsURL string `env:"FIVECHAT_TICKETS_URL"`
	// Domain of the e-mail addresses of tickets, which receive replies.
	Domain string `env:"FIVECHAT_MAIL_DOMAIN"`
	Post
}

// Post says how mail comes in and goes out.
type Post struct {
	// Address at which the service receives mail by SMTP, like `:25`. Empty: it doesn't.
	SMTPAddr string `env:"FIVECHAT_SMTP_ADDR"`
	// Address at which the service receives mail by LMTP from a mail server of the installation. Empty: it doesn't.
	LMTPAddr string `env:"FIVECHAT_LMTP_ADDR"`
	// Path of the certificate for STARTTLS, in PEM, with its chain. Empty: STARTTLS isn't offered. A change needs a
	// restart.
	Certificate string `env:"FIVECHAT_SMTP_CERTIFICATE"`
	// Path of the key of FIVECHAT_SMTP_CERTIFICATE, in PEM.
	CertificateKey string `env:"FIVECHAT_SMTP_KEY"`
	// DNS server by which the senders of received mails are checked, like `10.0.0.2:53`. Empty: that of the system. off:
	// they aren't checked.
	Resolver string `env:"FIVECHAT_MAIL_RESOLVER"`
	// Path of the private key in PEM, RSA or Ed25519, with which mails to send are signed by DKIM for
	// FIVECHAT_MAIL_DOMAIN. Empty: the service doesn't sign. A change needs a restart.
	SigningKey string `env:"FIVECHAT_MAIL_DKIM_KEY"`
	// Selector of FIVECHAT_MAIL_DKIM_KEY: the DNS record with the public key is at selector._domainkey.domain.
	SigningSelector string `env:"FIVECHAT_MAIL_DKIM_SELECTOR"`
	// SMTP server through which agents' answers are sent, like `smtp.example.com:587`. Empty: no answers are sent, and
	// those that agents write meanwhile aren't sent later.
	Relay string `env:"FIVECHAT_MAIL_RELAY"`
	// How the connection to the relay is encrypted: starttls, tls (from the beginning), or none.
	RelayTLS string `env:"FIVECHAT_MAIL_RELAY_TLS"`
	// User at the relay. Empty: the service doesn't authenticate.
	RelayUser string `env:"FIVECHAT_MAIL_RELAY_USER"`
	// Password at the relay.
	RelayPassword string `env:"FIVECHAT_MAIL_RELAY_PASSWORD"`
}

// Default is the settings before the environment's.
func Default() Config {
	return Config{
		Config:      servicekit.Default(),
		AccountsURL: "http://accounts:8080",
		TicketsURL:  "http://tickets:8080",
		Domain:      "tickets.fivechat.localhost",
		Post:        Post{RelayTLS: relay.StartTLS, SigningSelector: "fivechat"},
	}
}

// Validate refuses settings that cannot work.
func (c Config) Validate() error {
	err := c.Config.Validate()
	if c.Domain == "" {
		err = errors.Join(err, errors.New("FIVECHAT_MAIL_DOMAIN is empty"))
	}
	return errors.Join(err, c.Post.check())
}

func (p Post) check() (err error) {
	if (p.Certificate == "") != (p.CertificateKey == "") {
		err = errors.New("FIVECHAT_SMTP_CERTIFICATE and FIVECHAT_SMTP_KEY must be set together")
	}
	if p.Resolver != "" && p.Resolver != noResolver {
		if _, _, split := net.SplitHostPort(p.Resolver); split != nil {
			err = errors.Join(err, fmt.Errorf("FIVECHAT_MAIL_RESOLVER must be host:port or off: %w", split))
		}
	}
	if p.Relay == "" {
		return err
	}
	if !slices.Contains([]string{relay.StartTLS, relay.TLS, relay.Plain}, p.RelayTLS) {
		err = errors.Join(err, errors.New("FIVECHAT_MAIL_RELAY_TLS must be starttls, tls or none"))
	}
	if _, _, split := net.SplitHostPort(p.Relay); split != nil {
		err = errors.Join(err, fmt.Errorf("FIVECHAT_MAIL_RELAY must be host:port: %w", split))
	}
	if p.RelayUser != "" && p.RelayTLS == relay.Plain {
		err = errors.Join(err, errors.New("FIVECHAT_MAIL_RELAY_USER needs TLS: the password would be readable"))
	}
	return err
}

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "mail", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	accounts := base.Client(c.AccountsURL)
	storage, err := storagequota.NewLimiter(clients.Storage(accounts), base.Log, time.Now)
	if err != nil {
		return runner.Unit{}, err
	}
	var counters ratelimit.Store
	if base.Redis != nil {
		counters = base.Redis
	}
	limiter, err := ratelimit.New(counters, 1, base.Registry)
	if err != nil {
		return runner.Unit{}, err
	}
	keys, err := c.signingKeys(base.Log)
	if err != nil {
		return runner.Unit{}, err
	}
	var worker *work.Worker
	store := mongostore.New(base.DB, mongostore.Options{
		Domain: c.Domain, Sends: c.Relay != "", Wake: func() { worker.Wake() }, Now: time.Now,
	})
	ports := mail.Ports{
		Store:    store,
		Tickets:  clients.Tickets{Client: base.Client(c.TicketsURL)},
		Accounts: clients.NewAccounts(accounts, storage, time.Now),
		Limiter:  limits.Limiter{Limiter: limiter},
		Parser:   parser{},
		Composer: composer{keys},
	}
	if c.Resolver != noResolver {
		ports.Authenticator = newAuthenticator(c.Resolver)
	}
	if c.Relay != "" {
		ports.Relay = relay.Relay{
			Address: c.Relay, TLS: c.RelayTLS, User: c.RelayUser, Password: c.RelayPassword, Name: c.Domain,
		}
	}
	service := mail.New(ports, c.Domain, time.Now)
	worker = work.New(service, store, base.Telemetry)
	datasubject.Serve(base.Router, base.Chain, "mail", datasubject.WithEraser(store, base.Idempotency))
	datasubject.ServeStored(base.Router, base.Chain, "mail", store.Stored())
	api.Mount(base.Router, base.Chain, service, c.SMTPAddr != "" || c.LMTPAddr != "")
	tickets := outbox.Remote{Client: base.Client(c.TicketsURL)}
	follower := feed.Follower{
		Feed:      feed.Feed{Name: "tickets", Log: tickets, Redis: base.Redis},
		Telemetry: base.Telemetry,
		Position:  store.Position(tickets),
		Apply:     store.Apply,
	}
	unit, err := base.Unit(ctx,
		runner.Task{Name: "follow tickets", Run: follower.Run},
		runner.Task{Name: "work", Run: worker.Run},
		runner.Task{Name: "stored", Run: datasubject.Measure(base.Telemetry, store.Stored())},
		runner.Task{Name: "tally", Run: func(ctx context.Context) error {
			return store.Stored().Run(ctx, base.Telemetry.Log)
		}})
	if err != nil {
		return unit, err
	}
	listeners, err := c.listeners(listener.New(service, base.Telemetry))
	unit.Listeners = append(unit.Listeners, listeners...)
	return unit, err
}

// signingKeys returns the keys with which mails are signed, at most one, and logs the record that receivers look up.
func (c Config) signingKeys(log *slog.Logger) ([]outgoing.Key, error) {
	if c.SigningKey == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.SigningKey)
	if err != nil {
		return nil, fmt.Errorf("FIVECHAT_MAIL_DKIM_KEY: %w", err)
	}
	key, err := outgoing.NewKey(c.Domain, c.SigningSelector, text)
	if err != nil {
		return nil, fmt.Errorf("FIVECHAT_MAIL_DKIM_KEY, or its selector: %w", err)
	}
	log.Info("mail: mails are signed; receivers need this TXT record", "name", key.RecordName(), "record", key.Record())
	return []outgoing.Key{key}, nil
}

// listeners returns those that receive mail.
func (c Config) listeners(of *listener.Listeners) ([]runner.Listener, error) {
	var certificate *tls.Config
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.CertificateKey)
		if err != nil {
			return nil, fmt.Errorf("FIVECHAT_SMTP_CERTIFICATE: %w", err)
		}
		certificate = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	}
	var all []runner.Listener
	for _, l := range []struct {
		name, addr string
		isLMTP     bool
	}{{"smtp", c.SMTPAddr, false}, {"lmtp", c.LMTPAddr, true}} {
		if l.addr == "" {
			continue
		}
		server := of.Server(listener.Options{Domain: c.Domain, TLS: certificate, LMTP: l.isLMTP})
		all = append(all, runner.Listener{
			Name: l.name, Addr: l.addr, Server: func(*http.Server) runner.Server { return server },
		})
	}
	return all, nil
}
