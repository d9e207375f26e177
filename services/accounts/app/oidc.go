package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/mongostore"
	"fivechat.dev/services/accounts/internal/oidc"
	"fivechat.dev/services/accounts/internal/sealed"
)

// check reports settings that can't work.
func (s SignIn) check() error {
	err := sealed.Validate(s.SecretKeys)
	if _, wrong := accounts.ParseSignUp(s.SignUp); wrong != nil {
		err = errors.Join(err, fmt.Errorf("FIVECHAT_SIGNUP: %w", wrong))
	}
	if s.PublicURL != "" {
		if wrong := oidc.CheckPublicURL(s.PublicURL); wrong != nil {
			err = errors.Join(err, fmt.Errorf("FIVECHAT_PUBLIC_URL: %w", wrong))
		}
	}
	if s.IdentityProviders != "" && (s.PublicURL == "" || len(s.SecretKeys) == 0) {
		err = errors.Join(err, errors.New(
			"FIVECHAT_IDENTITY_PROVIDERS: needs FIVECHAT_PUBLIC_URL and FIVECHAT_SECRET_KEYS",
		))
	}
	return err
}

// maxReported bounds the reason of a failure in the log in bytes: parts of it are the provider's.
const maxReported = 500

// newSignOns returns the use cases of identity providers, and the task that reloads their settings when the file
// changes.
func newSignOns(
	s SignIn, base *servicekit.Component, people *accounts.People, store *mongostore.Store, box *sealed.Box,
) (*accounts.SignOns, func(context.Context) error, error) {
	providers := oidc.New(strings.TrimSuffix(s.PublicURL, "/"), time.Now)
	report := func(ctx context.Context, provider string, err error) {
		reason := err.Error()
		base.Log.WarnContext(
			ctx, "identity provider: failed", "provider", provider, "error", reason[:min(len(reason), maxReported)],
		)
	}
	signOns := accounts.NewSignOns(people, store, providers, box, report, time.Now)
	if s.IdentityProviders == "" {
		return signOns, func(context.Context) error { return nil }, nil
	}
	set := func(f config.Files) error { return providers.Set(f[0]) }
	read, err := config.Read(s.IdentityProviders)
	if err == nil {
		err = set(read)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("FIVECHAT_IDENTITY_PROVIDERS: %w", err)
	}
	return signOns, func(ctx context.Context) error {
		config.Follow(ctx, read, set, func(err error) {
			base.Log.ErrorContext(ctx, "identity providers: invalid file; the previous ones stay in effect", "error", err)
		}, s.IdentityProviders)
		return nil
	}, nil
}
