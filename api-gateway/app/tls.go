package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/runner"
)

// certificate serves the key pair in two PEM files, and reloads it when they change.
type certificate struct {
	paths   []string
	read    config.Files
	current atomic.Pointer[tls.Certificate]
	expires prometheus.Gauge
}

func newCertificate(c Config, registry prometheus.Registerer) (*certificate, error) {
	k := &certificate{paths: []string{c.TLSCertificate, c.TLSKey}, expires: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_tls_certificate_expiry_seconds",
		Help: "When the certificate of the public listener expires, in Unix seconds.",
	})}
	registry.MustRegister(k.expires)
	var err error
	if k.read, err = config.Read(k.paths...); err == nil {
		err = k.use(k.read)
	}
	if err != nil {
		return nil, fmt.Errorf("FIVECHAT_TLS_CERTIFICATE: %w", err)
	}
	return k, nil
}

func (k *certificate) use(f config.Files) error {
	pair, err := tls.X509KeyPair(f[0], f[1])
	if err != nil {
		return err
	}
	k.current.Store(&pair)
	k.expires.Set(float64(pair.Leaf.NotAfter.Unix()))
	return nil
}

// config is the listener's: TLS 1.2 or later, with the defaults of the standard library for everything else.
func (k *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return k.current.Load(), nil
		},
	}
}

func (k *certificate) follow(t *telemetry.Telemetry) runner.Task {
	return runner.Task{Name: "certificate", Run: func(ctx context.Context) error {
		config.Follow(ctx, k.read, func(f config.Files) error {
			err := k.use(f)
			if err == nil {
				t.Log.InfoContext(ctx, "TLS certificate reloaded")
			}
			return err
		}, func(err error) {
			t.Log.ErrorContext(ctx, "reloading the TLS certificate failed; keeping the previous one", "error", err)
		}, k.paths...)
		return nil
	}}
}
