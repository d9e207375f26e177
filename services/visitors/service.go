package visitors

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
	"fivechat.dev/libs/kernel/version"
)

// Service has the use cases of visitors.
type Service struct {
	store         Store
	widgets       Widgets
	conversations Conversations
	agents        Agents
	identities    Identities
	notifier      Notifier
	storage       Storage    // nil: no limit
	replyTimes    ReplyTimes // nil: none is known
	announcer     Announcer  // nil: gateways notice changes when their entries expire
	now           func() time.Time
}

// New returns a Service over its ports. now is the clock; its times are truncated to the precision of the database.
func New(
	store Store, widgets Widgets, conversations Conversations, agents Agents, identities Identities, notifier Notifier,
	now func() time.Time,
) *Service {
	return &Service{
		store:         store,
		widgets:       widgets,
		conversations: conversations,
		agents:        agents,
		identities:    identities,
		notifier:      notifier,
		now:           timestamp.Clock(now),
	}
}

// LimitStorage makes the service refuse new visitors of websites for which st.Check fails.
func (s *Service) LimitStorage(st Storage) { s.storage = st }

// ShowReplyTimes makes sessions show how soon agents usually reply.
func (s *Service) ShowReplyTimes(r ReplyTimes) { s.replyTimes = r }

// AnnounceTo makes the service announce changes to the gateways.
func (s *Service) AnnounceTo(a Announcer) { s.announcer = a }

// Visitor returns the website's visitor of a token. The error is Invalid for a malformed token, NotFound for an unknown
// one.
func (s *Service) Visitor(ctx context.Context, t tenant.ID, token string) (Visitor, error) {
	if err := CheckToken(token); err != nil {
		return Visitor{}, err
	}
	return s.store.ByToken(ctx, t, token)
}

// ByIDs returns the visitors that exist among ids.
func (s *Service) ByIDs(ctx context.Context, t tenant.ID, ids []id.Visitor) ([]Visitor, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.store.ByIDs(ctx, t, ids)
}

// List returns a website's visitors, newest first or in the order of changes. online selects those who are online or
// offline; nil selects all.
func (s *Service) List(
	ctx context.Context, t tenant.ID, online *bool, w paging.Following,
) (paging.Slice[Visitor], error) {
	var f Filter
	if online != nil && *online {
		f.SeenSince = s.now().Add(-onlineFor)
	} else if online != nil {
		f.UnseenSince = s.now().Add(-onlineFor)
	}
	return s.store.List(ctx, t, f, w)
}

// Online returns how many of a website's visitors are online.
func (s *Service) Online(ctx context.Context, t tenant.ID) (int64, error) {
	return s.store.CountSeen(ctx, t, s.now().Add(-onlineFor))
}

// Update changes the website's visitor of a token. Concurrent updates are all applied.
func (s *Service) Update(ctx context.Context, t tenant.ID, token string, p Patch) (Visitor, error) {
	if err := CheckToken(token); err != nil {
		return Visitor{}, err
	}
	if err := p.Validate(); err != nil {
		return Visitor{}, err
	}
	if p.Empty() {
		v, err := s.store.ByToken(ctx, t, token)
		if err == nil {
			err = version.Check(ctx, v.Revision())
		}
		return v, err
	}
	return s.store.Save(ctx, t, token, func(v Visitor) (Visitor, error) {
		v.UpdatedAt = s.now()
		return p.Apply(v)
	})
}

// IdentityRequired reports whether the website serves verified visitors only.
func (s *Service) IdentityRequired(ctx context.Context, t tenant.ID) (bool, error) {
	return s.store.IdentityRequired(ctx, t)
}

// RequireIdentity sets whether the website serves verified visitors only, and returns whether it did before.
func (s *Service) RequireIdentity(ctx context.Context, t tenant.ID, required bool) (before bool, err error) {
	return s.store.RequireIdentity(ctx, t, required)
}

// Named returns the website's visitor of a token, and whether they are refused because the website serves verified
// visitors only. The error is NotFound for an unknown or malformed token.
func (s *Service) Named(ctx context.Context, t tenant.ID, token string) (v Visitor, isRefused bool, err error) {
	if !ValidToken(token) {
		return Visitor{}, false, fault.Missing("visitor")
	}
	if v, err = s.store.ByToken(ctx, t, token); err != nil || v.verified() {
		return v, false, err
	}
	isRefused, err = s.store.IdentityRequired(ctx, t)
	return v, isRefused, err
}

// Resolve returns the owner of a token and stores that the visitor was seen. The error is NotFound for an unknown or
// malformed token.
func (s *Service) Resolve(ctx context.Context, token string) (tenant.ID, Owner, error) {
	if !ValidToken(token) {
		return tenant.ID{}, Owner{}, fault.Missing("visitor")
	}
	t, owner, err := s.store.Owner(ctx, token)
	if err != nil {
		return tenant.ID{}, Owner{}, err
	}
	required, err := s.store.IdentityRequired(ctx, t)
	if err == nil && required {
		var v Visitor
		v, err = s.store.ByToken(ctx, t, token)
		owner.IsRefused = !v.verified()
	}
	if err != nil {
		return tenant.ID{}, Owner{}, err
	}
	return t, owner, s.seen(ctx, t, owner.ID)
}

// Presence is what a visitor learns of agents while they have no event stream.
type Presence struct {
	AgentsOnline      bool
	AgentConversation string // the last conversation that an agent has begun with them; "" if there was none
}

// Heartbeat stores that a visitor is present. The gateway has just resolved their token in most cases, which stores the
// same: then the heartbeat only reads.
func (s *Service) Heartbeat(ctx context.Context, t tenant.ID, visitor id.Visitor) (Presence, error) {
	v, err := s.store.Presence(ctx, t, visitor)
	if err == nil && !v.LastSeenAt.After(s.now().Add(-seenEvery)) {
		err = s.seen(ctx, t, visitor)
	}
	if err != nil && !fault.Is(err, fault.NotFound) { // an erased visitor may have open pages
		return Presence{}, err
	}
	return Presence{s.agentsOnline(ctx, t), v.AgentConversation}, nil
}

// AgentBegan stores that an agent has begun a conversation with a visitor, whose pages learn it with their heartbeats.
func (s *Service) AgentBegan(ctx context.Context, t tenant.ID, visitor id.Visitor, conversation string) error {
	if !publictoken.WellFormed(conversation) {
		return fault.Bad("token", "must be "+publictoken.Form)
	}
	return s.store.SetAgentConversation(ctx, t, visitor, conversation)
}

// agentsOnline is true if the accounts service doesn't respond: the visitor can write anyway, and agents read it later.
func (s *Service) agentsOnline(ctx context.Context, t tenant.ID) bool {
	online, err := s.agents.Online(ctx, t)
	return online || err != nil
}

func (s *Service) replySeconds(ctx context.Context, t tenant.ID) *int64 {
	if s.replyTimes == nil {
		return nil
	}
	return s.replyTimes.Usual(ctx, t)
}

func (s *Service) seen(ctx context.Context, t tenant.ID, visitor id.Visitor) error {
	now := s.now()
	noted, err := s.store.Seen(ctx, t, visitor, now, now.Add(-seenEvery))
	if noted {
		s.notifier.Notify(ctx, t, visitor, wentOnline(visitor, now))
	}
	return err
}
