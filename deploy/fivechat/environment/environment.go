// Package environment declares what the commands of fivechat read from the environment, beside the settings of the
// components that `fivechat run` starts. docs/configuration.md is generated from it.
package environment

import (
	"net/netip"

	"fivechat.dev/libs/store/rediskit"
)

// Run is read by `fivechat run`.
type Run struct {
	// Connection string of the MongoDB replica set to use instead of the embedded store.
	MongoURI string `env:"MONGODB_URI"`
	Redis    rediskit.Config
	// Path of the quota file, which replaces default rate limits and storage limits. A change is loaded while running.
	Quotas string `env:"FIVECHAT_QUOTAS"`
	// Address of `/status` and of every component's `/metrics`, as with `--admin-listen`.
	Admin string `env:"FIVECHAT_ADMIN_ADDR"`
	// Proxies whose `X-Forwarded-For` is trusted. Without any, a client's address is that of its connection.
	TrustedProxies []netip.Prefix `env:"FIVECHAT_TRUSTED_PROXIES"`
}

// Store is read by `fivechat store serve`.
type Store struct {
	// Password that clients of the store and of its Redis stand-in authenticate with. If it is empty, one is generated
	// and kept in the store's folder.
	Password string `env:"FIVECHAT_STORE_PASSWORD"`
}

// Operator is read by the commands that call the operator API.
type Operator struct {
	// Base URL of the operator API, as with `--operator-url`. Without it, the commands find the running system through
	// `--data`.
	URL string `env:"FIVECHAT_OPERATOR_URL"`
	// Key of the operator API. It has no flag, because process lists show flags.
	Key string `env:"FIVECHAT_OPERATOR_KEY"`
}

// Import is read by `fivechat import`.
type Import struct {
	// API token with the level WRITE or READ_WRITE, as with `--token`.
	Token string `env:"FIVECHAT_TOKEN"`
}
