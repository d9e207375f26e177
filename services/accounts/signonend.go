package accounts

import (
	"context"
	"errors"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
)

// Resolve is People.Resolve. It also checks, every confirmEvery, at the session's provider whether the person may still
// sign in there.
func (o *SignOns) Resolve(ctx context.Context, hash string) (SignedIn, error) {
	s, err := o.people.Resolve(ctx, hash)
	if err != nil || s.Session.SignOn == nil {
		return s, err
	}
	on, now := *s.Session.SignOn, o.now()
	if _, err := o.providers.Provider(on.Provider); err != nil { // the operator has removed it
		return SignedIn{}, fault.Missing("session")
	}
	if !on.isDue(now) {
		return s, nil
	}
	mine, err := o.store.ClaimCheck(ctx, s.Session.ID, on.CheckedAt, now)
	if err != nil || !mine {
		return s, err
	}
	return s, o.confirm(ctx, s.Session, on)
}

// confirm uses the refresh token of a session. The error is NotFound if the session has ended. The check continues if
// the request is cancelled: the provider may have replaced the token already.
func (o *SignOns) confirm(ctx context.Context, s Session, on SignOn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmFor)
	defer cancel()
	token, err := o.sealer.Open(on.Refresh, on.context("refresh"))
	if err == nil {
		token, err = o.providers.Refresh(ctx, on.Provider, token)
	}
	if err == nil && len(token) > maxRefresh {
		err = errClaims()
	}
	if err == nil {
		token, err = o.sealer.Seal(token, on.context("refresh"))
	}
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), confirmFor) // the provider may have used up the first
	defer cancel()
	now := o.now()
	isAway := err != nil && !errors.Is(err, ErrSignOnEnded)
	if isAway {
		o.report(ctx, on.Provider, err)
	}
	if isAway && (on.FailingSince == nil || now.Sub(*on.FailingSince) < awayFor) {
		return o.store.SaveSignOn(ctx, s.ID, func(on SignOn) (SignOn, error) {
			if on.FailingSince == nil {
				on.FailingSince = &now
			}
			return on, nil
		})
	}
	if err != nil {
		_, err = o.people.end(ctx, s.PersonID, EndOne(s.ID, false))
		return errors.Join(fault.Missing("session"), err)
	}
	return o.store.SaveSignOn(ctx, s.ID, func(on SignOn) (SignOn, error) {
		on.Refresh, on.FailingSince = token, nil
		return on, nil
	})
}

// EndedAtProvider ends the sessions that a logout token of a provider names (back-channel logout). A token is accepted
// once.
func (o *SignOns) EndedAtProvider(ctx context.Context, provider, token string) error {
	p, err := o.providers.Provider(provider)
	if err != nil {
		return err
	}
	n, err := o.providers.Logout(ctx, provider, token)
	if err != nil {
		o.report(ctx, provider, err)
		return err
	}
	var who, where string
	if n.Subject != "" {
		who = identityID(p.Issuer, n.Subject)
	}
	if n.Session != "" {
		where = identityID(p.Issuer, n.Session)
	}
	used := Used{"logout:" + identityID(p.Issuer, n.ID), n.Expires}
	ended, err := o.store.EndSignOns(ctx, used, who, where)
	if fault.Is(err, fault.Conflict) {
		return fault.Bad("logout_token", "has been used before")
	}
	o.people.announce.SessionsEnded(ctx, hashesOf(ended)...)
	return err
}

// SignOut ends the caller's session. It returns the address where the browser ends the session at the provider, "" if
// there is none.
func (o *SignOns) SignOut(ctx context.Context, caller identity.Principal) (string, error) {
	ended, err := o.people.end(ctx, caller.PersonID, EndOne(caller.SessionID, false))
	if err != nil {
		return "", err
	}
	if len(ended) == 0 || ended[0].SignOn == nil {
		return "", nil
	}
	on, hint := *ended[0].SignOn, ""
	if on.IDToken != "" {
		hint, err = o.sealer.Open(on.IDToken, on.context("idToken"))
	}
	var address string
	if err == nil {
		address, err = o.providers.EndSession(ctx, on.Provider, hint)
	}
	if err != nil { // the session here has ended, which the person asked for
		o.report(ctx, on.Provider, err)
	}
	return address, nil
}
