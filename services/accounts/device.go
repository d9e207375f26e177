package accounts

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// KnownFor is how long a browser counts as known after its person signed in with it.
const KnownFor = 365 * 24 * time.Hour

// maxProof bounds the proof of a known device in bytes.
const maxProof = 1024

// knownDevice is what a browser keeps as a proof that a person signed in with it before: OWASP's device cookie. It is
// encrypted for the e-mail address of the person, so that nothing has to be looked up to refuse another person's.
// Attempts with it have a quota of their own, so that an attack on an account, whose attempts come from unknown
// devices, doesn't lock its owner out. A thief of the proof has that quota, and nothing else.
type knownDevice struct {
	Person   id.Person `json:"person"`
	Device   string    `json:"device"` // random, new at each sign-in
	Mark     string    `json:"mark"`   // the person's deviceMark at the sign-in
	IssuedAt time.Time `json:"issuedAt"`
}

// deviceMark returns what a person's known devices must state: it changes with the password, and when all sessions end.
func (p Person) deviceMark() string {
	return identity.HashSecret(strconv.FormatInt(p.SignOuts, 10) + " " + p.Password)
}

func deviceContext(email string) string { return "known device:" + email }

// proofOf returns the proof of a new sign-in of a person, or "" if the installation has no keys to encrypt it.
func (p *People) proofOf(person Person) (string, error) {
	text, err := json.Marshal(knownDevice{person.ID, rand.Text(), person.deviceMark(), p.now()})
	if err != nil {
		return "", fmt.Errorf("accounts: encode a known device: %w", err)
	}
	proof, err := p.secrets.Seal(string(text), deviceContext(person.Email))
	if fault.Is(err, fault.Unavailable) {
		return "", nil
	}
	return proof, err
}

// known returns the device of a proof for an e-mail address, and whether the proof is one. Whether it is still worth
// something, nameOf decides.
func (p *People) known(d Device, email string) (k knownDevice, is bool) {
	if d.Proof == "" || len(d.Proof) > maxProof {
		return k, false
	}
	text, err := p.secrets.Open(d.Proof, deviceContext(email))
	if err != nil || json.Unmarshal([]byte(text), &k) != nil {
		return k, false
	}
	return k, p.now().Before(k.IssuedAt.Add(KnownFor))
}

// isOf reports whether the device is a known one of a person still.
func (k knownDevice) isOf(person Person) bool {
	return k.Person == person.ID && k.Mark == person.deviceMark()
}

// attempt counts an attempt to sign in with an e-mail address, and returns its person, zero if there is none. From a
// known device of the person it counts for the device, else for the address. The error is Limited after too many. The
// work for an address is the same, known or not.
func (p *People) attempt(ctx context.Context, email string, d Device) (Person, error) {
	k, isKnown := p.known(d, email)
	if !isKnown {
		if err := p.attempts.Take(ctx, email); err != nil {
			return Person{}, err
		}
	}
	person, err := p.store.PersonByEmail(ctx, email)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Person{}, err
	}
	if !isKnown {
		return person, nil
	}
	name := email
	if k.isOf(person) {
		name = "device:" + k.Device
	}
	return person, p.attempts.Take(ctx, name)
}

// codesOf is the name under which the attempts at a person's codes are counted that a browser makes while they sign in.
func (p *People) codesOf(person Person, d Device) string {
	if k, is := p.known(d, person.Email); is && k.isOf(person) {
		return "codes of device:" + k.Device
	}
	return "codes:" + strconv.FormatInt(int64(person.ID), 10)
}

// passwordsOfSession and codesOfSession are the names for attempts of a person who has signed in: others can't use them
// up.
func passwordsOfSession(s id.Session) string { return "session:" + strconv.FormatInt(int64(s), 10) }

func codesOfSession(s id.Session) string {
	return "codes of session:" + strconv.FormatInt(int64(s), 10)
}
