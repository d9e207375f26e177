package operator

import (
	"context"
	"fmt"
	"time"
)

// IdentitySecret is a secret that signs who a website's visitors are. Secret is only there when it has just been made.
type IdentitySecret struct {
	ID        int64     `json:"id"`
	Prefix    string    `json:"prefix"`
	CreatedBy string    `json:"createdBy"`
	CreatedAt time.Time `json:"createdAt"`
	Secret    string    `json:"secret"`
}

// IdentitySecrets gives a website's identity secrets.
func (c Client) IdentitySecrets(ctx context.Context, website int64) ([]IdentitySecret, error) {
	var all struct {
		Data []IdentitySecret `json:"data"`
	}
	err := c.call(ctx, "GET", ofWebsite(website, "/identity-secrets"), nil, &all)
	return all.Data, err
}

// CreateIdentitySecret makes an identity secret of a website. Older ones stay valid.
func (c Client) CreateIdentitySecret(ctx context.Context, website int64) (s IdentitySecret, err error) {
	return s, c.call(ctx, "POST", ofWebsite(website, "/identity-secrets"), nil, &s)
}

// RemoveIdentitySecret ends an identity secret.
func (c Client) RemoveIdentitySecret(ctx context.Context, website, secret int64) error {
	return c.call(ctx, "DELETE", ofWebsite(website, fmt.Sprintf("/identity-secrets/%d", secret)), nil, nil)
}
