package visitors

import (
	"context"
	"regexp"

	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/tenant"
)

// NewSession is what a site's widget says when it starts.
type NewSession struct {
	ClientToken  string // whose widget it is
	VisitorToken string // what it kept from an earlier visit, or ""
	IP           string
	Patch        Patch
}

// Session is all that a widget needs to go on.
type Session struct {
	Visitor      Visitor
	Widget       View
	Conversation View // nil where none is open
	AgentsOnline bool
}

// clientToken is checked before it becomes part of a path.
var clientToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// OpenSession resumes the visitor whose token the widget kept, or makes a new one: a token that is unknown, and one
// that another website's widget kept, are both as if there were none.
func (s *Service) OpenSession(ctx context.Context, n NewSession) (Session, error) {
	if !clientToken.MatchString(n.ClientToken) {
		return Session{}, fault.Bad("clientToken", "must be 1 to 128 characters of A-Z a-z 0-9 _ -")
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
	if ValidToken(n.VisitorToken) {
		v, err := s.store.ByToken(ctx, w.WebsiteID, n.VisitorToken)
		if err == nil {
			return s.resume(ctx, v, w, n)
		}
		if !fault.Is(err, fault.NotFound) {
			return Session{}, err
		}
	}
	v, err := s.create(ctx, w.WebsiteID, n)
	return Session{Visitor: v, Widget: w.View, AgentsOnline: s.agentsOnline(ctx, w.WebsiteID)}, err
}

// resume asks for the conversation first: where that fails nothing has changed, and the widget tries again.
func (s *Service) resume(ctx context.Context, v Visitor, w Widget, n NewSession) (Session, error) {
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
	return Session{v, w.View, conversation, s.agentsOnline(ctx, w.WebsiteID)}, err
}

func (s *Service) create(ctx context.Context, t tenant.ID, n NewSession) (Visitor, error) {
	if s.storage != nil {
		if err := s.storage.Admit(ctx, t); err != nil {
			return Visitor{}, err
		}
	}
	id, err := s.store.Reserve(ctx, 1)
	if err != nil {
		return Visitor{}, err
	}
	v := newVisitor(t, id, s.moment())
	v.IP, v.LastSeenAt = n.IP, v.CreatedAt
	if v, err = n.Patch.Apply(v); err != nil {
		return Visitor{}, err
	}
	if err = s.store.Create(ctx, v); err == nil {
		s.teller.Tell(ctx, t, id, EventOnline, OnlineData{id, v.LastSeenAt.Add(onlineFor)})
	}
	return v, err
}
