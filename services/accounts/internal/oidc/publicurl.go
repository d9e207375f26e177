package oidc

import (
	"errors"
	"net/url"
	"strings"
)

// CheckPublicURL refuses an address to which providers must not send persons back.
func CheckPublicURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be an address without path, like https://chat.example.com")
	}
	return secure(address)
}
