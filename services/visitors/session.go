package visitors

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
)

// NewSession is what a site's widget says when it starts.
type NewSession struct {
	ClientToken  string // whose widget it is
	VisitorToken string // what it kept from an earlier visit, or ""
	// VisitorSecret proves that the token is the client's own. A client that sends the member, even empty, keeps the secret
	// that it is answered; nil is a client of the version before secrets.
	VisitorSecret *string
	IP            string
	Patch         Patch
}

// Session is all that a widget needs to go on.
type Session struct {
	Visitor      Visitor
	Secret       string // the visitor's secret if it was issued just now, else ""
	Widget       View
	Conversation View // nil where none is open
	AgentsOnline bool
}

// OpenSession resumes the visitor whose token and secret the client sends, or makes a new one: a token that is unknown, another
// website's or sent without its secret is treated as if there were none. A visitor of the version before secrets is resumed by
// the token alone, until a client that keeps secrets resumes it.
func (s *Service) OpenSession(ctx context.Context, n NewSession) (Session, error) {
	if !publictoken.WellFormed(n.ClientToken) {
		return Session{}, fault.Bad("clientToken", "must be "+publictoken.Form)
	}
	if err := n.Patch.check(); err != nil {
		return Session{}, err
	}
	w, err := s.widgets.Resolve(ctx, n.ClientToken)
	if err != nil {
		return Session{}, err
	}
	if !w.ChatEnabled {
		return Session{}, fault.Coded(fault.Forbidden, "chat_disabled", "the chat of this website is switched off")
	}
	resumed, err := s.resume(ctx, w, n)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return resumed, err
	}
	secret := newSecret()
	v, err := s.create(ctx, w.WebsiteID, secret, n)
	return Session{Visitor: v, Secret: secret, Widget: w.View, AgentsOnline: s.agentsOnline(ctx, w.WebsiteID)}, err
}

// resume is NotFound where the client has not proven to be a visitor of the website. The secret of a visitor who has none is
// issued last: a client whose session failed before that tries again with the token alone.
func (s *Service) resume(ctx context.Context, w Widget, n NewSession) (Session, error) {
	v, owner, err := s.proven(ctx, w.WebsiteID, n)
	if err != nil {
		return Session{}, err
	}
	resumed, err := s.goOn(ctx, v, w, n)
	if err != nil || owner.SecretHash != "" || n.VisitorSecret == nil {
		return resumed, err
	}
	resumed.Secret = newSecret()
	issued, err := s.store.SetSecret(ctx, v.Token, identity.HashSecret(resumed.Secret))
	if err == nil && !issued { // another session was issued one meanwhile
		err = fault.Missing("visitor")
	}
	return resumed, err
}

// proven gives the website's visitor whose token and secret the client sends; NotFound where it has not proven to be one.
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

// goOn asks for the conversation first: if that fails nothing has changed, and the client tries again.
func (s *Service) goOn(ctx context.Context, v Visitor, w Widget, n NewSession) (Session, error) {
	conversation, err := s.conversations.Open(ctx, w.WebsiteID, v.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Session{}, err
	}
	if n.Patch.Empty() && (n.IP == "" || n.IP == v.IP) {
		if err = s.seen(ctx, w.WebsiteID, v.ID); err == nil {
			v.LastSeenAt = s.moment()
		}
	} else {
		v, err = s.store.Save(ctx, w.WebsiteID, v.Token, func(v Visitor) (Visitor, error) {
			v.LastSeenAt = s.moment()
			v.UpdatedAt = v.LastSeenAt
			if n.IP != "" {
				v.IP = n.IP
			}
			return n.Patch.Apply(v)
		})
	}
	return Session{Visitor: v, Widget: w.View, Conversation: conversation, AgentsOnline: s.agentsOnline(ctx, w.WebsiteID)}, err
}

func (s *Service) create(ctx context.Context, t tenant.ID, secret string, n NewSession) (Visitor, error) {
	if s.storage != nil {
		if err := s.storage.Check(ctx, t); err != nil {
			return Visitor{}, err
		}
	}
	id, err := s.store.Reserve(ctx, 1)
	if err != nil {
		return Visitor{}, err
	}
	v := newVisitor(t, id, secret, s.moment())
	v.IP, v.LastSeenAt = n.IP, v.CreatedAt
	if v, err = n.Patch.Apply(v); err != nil {
		return Visitor{}, err
	}
	if err = s.store.Create(ctx, v); err == nil {
		s.notifier.Notify(ctx, t, id, EventOnline, OnlineData{id, v.LastSeenAt.Add(onlineFor)})
	}
	return v, err
}
