// Package fileaddress signs the addresses of stored files, and checks them. A browser opens such an address without a
// credential, as the source of a picture or as a download. So the address names the website and the file, and it is
// valid for a limited time only.
//
// Begin with Signer. The service that shows a file in its responses signs, and the service files checks: both have the
// installation's assertion keys. An address is the path below the API's own address.
package fileaddress

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// Part is the part of a file that an address opens.
type Part string

// The parts.
const (
	Content   Part = "content"
	Thumbnail Part = "thumbnail"
)

// An address is valid for between period and twice period. Within a period a file has one address, so that browsers
// find it in their caches and a message that is read again has the same ETag.
const period = 12 * time.Hour

const purpose = "file address"

// Signer signs and checks addresses.
type Signer struct {
	keys *identity.Keyring
	now  func() time.Time
}

// New returns a Signer with the keys of the installation. now is the clock.
func New(keys *identity.Keyring, now func() time.Time) Signer { return Signer{keys, now} }

// Of returns the address of a part of a website's file.
func (s Signer) Of(t tenant.ID, file id.File, part Part) string {
	until := s.now().Truncate(period).Add(2 * period).Unix()
	website, number, end := t.String(), strconv.FormatInt(int64(file), 10), strconv.FormatInt(until, 10)
	code := forURL.Replace(s.keys.MAC(purpose, website, number, string(part), end))
	return fmt.Sprintf("/files/%s/%s?signature=%s.%s.%s", number, part, website, end, code)
}

// Check returns the website of a file's address, from its signature. The error is NotFound if the signature is wrong or
// has expired.
func (s Signer) Check(file id.File, part Part, signature string) (tenant.ID, error) {
	website, rest, _ := strings.Cut(signature, ".")
	end, code, _ := strings.Cut(rest, ".")
	until, err := strconv.ParseInt(end, 10, 64)
	number := strconv.FormatInt(int64(file), 10)
	if err != nil || !s.keys.ValidMAC(fromURL.Replace(code), purpose, website, number, string(part), end) {
		return tenant.ID{}, fault.Missing("file")
	}
	if !s.now().Before(time.Unix(until, 0)) {
		return tenant.ID{}, fault.Coded(fault.NotFound, "address_expired",
			"the file's address has expired: read the message again for a new one")
	}
	return tenant.Parse(website)
}

// forURL and fromURL convert between the two alphabets of base64.
var (
	forURL  = strings.NewReplacer("+", "-", "/", "_")
	fromURL = strings.NewReplacer("-", "+", "_", "/")
)
