// Package codes implements accounts.Codes: the codes of authenticator apps (TOTP, RFC 6238) with six digits and steps
// of 30 s, as every app supports them. The algorithm is the library's. A code of the step before and of the step after
// is accepted too (RFC 6238, 5.2), so that a clock may be wrong by half a minute.
package codes

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"fivechat.dev/services/accounts"
)

const (
	issuer  = "Fivechat"
	period  = 30 // seconds
	digits  = otp.DigitsSix
	picture = 240 // width of the QR code in pixels
)

// Codes implements accounts.Codes. Its zero value is ready.
type Codes struct{}

// New implements accounts.Codes.
func (Codes) New(account string) (accounts.AuthenticatorKey, error) {
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: issuer, AccountName: account, Period: period, Digits: digits, SecretSize: 20,
	})
	if err != nil {
		return accounts.AuthenticatorKey{}, err
	}
	image, err := key.Image(picture, picture)
	if err != nil {
		return accounts.AuthenticatorKey{}, err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image); err != nil {
		return accounts.AuthenticatorKey{}, err
	}
	return accounts.AuthenticatorKey{
		Secret: key.Secret(), URL: key.URL(),
		Picture: "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()),
	}, nil
}

// Step implements accounts.Codes.
func (Codes) Step(secret, code string, now time.Time) (step int64, ok bool) {
	code = strings.ReplaceAll(code, " ", "")
	current := now.Unix() / period
	for _, step := range []int64{current, current - 1, current + 1} {
		valid, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{
			Digits: digits, Algorithm: otp.AlgorithmSHA1,
		})
		if err == nil && valid {
			return step, true
		}
	}
	return 0, false
}
