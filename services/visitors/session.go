package visitors

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
)

// NewSession is the request of a website's widget when it starts.
type NewSession struct {
	ClientToken  string // identifies the widget
	VisitorToken string // stored at an earlier visit, or ""
	// VisitorSecret proves that the token belongs to the client. A client that sends the field, even empty, stores the
	// secret in the response. nil means a client older than secrets.
	VisitorSecret *string
	IP            string
	Patch         Patch
	Claim         Claim // the page's statement about the visitor; may be empty
}

// Validate returns an Invalid fault that names a wrong field.
func (n NewSession) Validate() error {
	if !publictoken.WellFormed(n.ClientToken) {
		return fault.Bad("clientToken", "must be "+publictoken.Form)
	}
	if err := n.Claim.Validate(); err != nil {
		return err
	}
	return n.Patch.Validate()
}

// Session is the state that a widget needs to start.
type Session struct {
	Visitor      Visitor
	Token        string // names the visitor on this device
	Secret       string // belongs to Token, if this session issued it; else ""
	Widget       View
	Conversation View // nil if none is open
	Presence
	ReplySeconds *int64 // the usual time to a first response; nil if it isn't known
}

// OpenSession resumes the visitor whose token and secret the client sends, or creates a new one. A token that is
// unknown, belongs to another website or comes without its secret counts as none. A visitor older than secrets is
// resumed by the token alone, until a client that stores secrets resumes it.
func (s *Service) OpenSession(ctx context.Context, n NewSession) (Session, error) {
	if err := n.Validate(); err != nil {
		return Session{}, err
	}
	w, err := s.widgets.Resolve(ctx, n.ClientToken)
	if err != nil {
		return Session{}, err
	}
	if !w.ChatEnabled {
		return Session{}, fault.Coded(fault.Forbidden, "chat_disabled", "the chat of this website is switched off")
	}
	if w.identityRequired, err = s.store.IdentityRequired(ctx, w.WebsiteID); err != nil {
		return Session{}, err
	}
	if !n.Claim.Empty() {
		return s.identify(ctx, w, n)
	}
	resumed, err := s.resume(ctx, w, n, nil)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return resumed, err
	}
	return s.open(ctx, w, n, nil)
}

// resume returns NotFound if the client hasn't proven to be a visitor of the website, or one who can be the user. If
// the visitor has no secret, one is issued as the last step: a client whose session failed before can retry with the
// token alone. A visitor that becomes verified gets another secret: until then, others may have used the browser.
func (s *Service) resume(ctx context.Context, w Widget, n NewSession, user *Identity) (Session, error) {
	v, owner, err := s.proven(ctx, w.WebsiteID, n)
	if err == nil && !mayBecome(v, owner, user) {
		err = fault.Missing("visitor")
	}
	if err == nil && !v.verified() {
		err = w.admits(user)
	}
	if err != nil {
		return Session{}, err
	}
	j := joining{user: user}
	if user != nil && user.Verified && !v.verified() {
		j.secret = newSecret()
	}
	resumed, err := s.continueSession(ctx, v, w, n, j)
	if err == nil && j.secret != "" && s.announcer != nil {
		s.announcer.TokensChanged(ctx, n.VisitorToken)
	}
	if err != nil || owner.SecretHash != "" || n.VisitorSecret == nil {
		return resumed, err
	}
	resumed.Secret = newSecret()
	issued, err := s.store.SetSecret(ctx, v.Token, identity.HashSecret(resumed.Secret))
	if err == nil && !issued { // a concurrent session has been issued one
		err = fault.Missing("visitor")
	}
	return resumed, err
}

// proven returns the website's visitor whose token and secret the client sends. The error is NotFound if they aren't
// valid.
func (s *Service) proven(ctx context.Context, t tenant.ID, n NewSession) (Visitor, Owner, error) {
	if !ValidToken(n.VisitorToken) {
		return Visitor{}, Owner{}, fault.Missing("visitor")
	}
	of, owner, err := s.store.Owner(ctx, n.VisitorToken)
	if err != nil {
		return Visitor{}, Owner{}, err
	}
	secret := ""
	if n.VisitorSecret != nil {
		secret = *n.VisitorSecret
	}
	if of != t || owner.SecretHash != "" && !owner.proves(secret) {
		return Visitor{}, Owner{}, fault.Missing("visitor")
	}
	v, err := s.store.ByToken(ctx, t, n.VisitorToken)
	return v, owner, err
}

// continueSession reads the conversation first: if that fails, nothing has changed, and the client can retry. v was
// read before: a conversation that an agent begins meanwhile is in the session, or it is news for the next heartbeat.
func (s *Service) continueSession(
	ctx context.Context, v Visitor, w Widget, n NewSession, j joining,
) (Session, error) {
	begun := v.AgentConversation
	conversation, err := s.conversations.Open(ctx, w.WebsiteID, v.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Session{}, err
	}
	if !j.changes(v) && n.Patch.Empty() && (n.IP == "" || n.IP == v.IP) {
		v, err = s.comeBack(ctx, v)
	} else {
		v, err = s.store.Save(ctx, w.WebsiteID, v.Token, func(v Visitor) (Visitor, error) {
			v = v.seenAt(s.now())
			v.UpdatedAt = v.LastSeenAt
			if n.IP != "" {
				v.IP = n.IP
			}
			return j.applied(v, n.Patch)
		})
	}
	return Session{
		Visitor:      v,
		Token:        orElse(j.token, n.VisitorToken),
		Secret:       j.secret,
		Widget:       w.View,
		Conversation: conversation,
		Presence:     Presence{s.agentsOnline(ctx, w.WebsiteID), begun},
		ReplySeconds: s.replySeconds(ctx, w.WebsiteID),
	}, err
}

// comeBack stores that a visitor is seen in a session that changes nothing else.
func (s *Service) comeBack(ctx context.Context, v Visitor) (Visitor, error) {
	now := s.now()
	if v.Online(now) && !v.ArrivedAt.IsZero() {
		v.LastSeenAt = now
		return v, s.seen(ctx, v.WebsiteID, v.ID)
	}
	err := s.store.Arrive(ctx, v.WebsiteID, v.ID, now)
	if err == nil {
		s.notifier.Notify(ctx, v.WebsiteID, v.ID, wentOnline(v.ID, now))
	}
	return v.seenAt(now), err
}

// seenAt returns the visitor who was seen at a time. If they had been away, they have arrived.
func (v Visitor) seenAt(now time.Time) Visitor {
	if !v.Online(now) || v.ArrivedAt.IsZero() {
		v.ArrivedAt = now
	}
	v.LastSeenAt = now
	return v
}

func (s *Service) create(
	ctx context.Context, t tenant.ID, secret string, n NewSession, user *Identity,
) (Visitor, error) {
	if s.storage != nil {
		if err := s.storage.Check(ctx, t); err != nil {
			return Visitor{}, err
		}
	}
	number, err := s.store.Reserve(ctx, 1)
	if err != nil {
		return Visitor{}, err
	}
	v := newVisitor(t, number, secret, s.now())
	v.IP = n.IP
	v = v.seenAt(v.CreatedAt)
	if v, err = (joining{user: user}).applied(v, n.Patch); err != nil {
		return Visitor{}, err
	}
	if err = s.store.Create(ctx, v); err == nil {
		s.notifier.Notify(ctx, t, v.ID, wentOnline(v.ID, v.LastSeenAt))
	}
	return v, err
}
