// Package environment declares what the commands of fivechat read from the environment, beside the settings of the
// components that `fivechat run` starts. docs/configuration.md is generated from it.
package environment

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
