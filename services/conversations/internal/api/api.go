// Package api maps the operations of the conversations service to HTTP routes: Mount has the operations of agents,
// visitors and other services, MountExport the exports. It holds no business rules; those are in package conversations.
package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/conversations"
)

// api adds the catalogue look-ups that views need to the service.
type api struct{ s *conversations.Service }

// Mount adds the operations of s to the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *conversations.Service) {
	a := api{s}
	a.documented(r, chain)
	a.forAgents(r, chain)
	a.begin(r, chain)
	a.inbox(r, chain)
	a.inboxChanges(r, chain)
	a.notes(r, chain)
	a.unsent(r, chain)
	a.scheduled(r, chain)
	a.together(r, chain)
	a.forVisitors(r, chain)
	a.forSiblings(r, chain)
}

func (a api) documented(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /conversations", 200, operation.New(chain, "conversations.list_conversations", authz.Read,
		func(ctx context.Context, req list) (paging.Page[conversations.View], error) {
			caller := identity.From(ctx)
			filter, err := req.filter(caller.UserID)
			if err != nil {
				return paging.Page[conversations.View]{}, err
			}
			found, err := a.s.List(ctx, caller.Website, filter, req.Following)
			if err != nil {
				return paging.Page[conversations.View]{}, err
			}
			views, err := a.views(ctx, found.Rows, req.Lang)
			return paging.Envelope(req.Window, found, views), err
		}), httpkit.Lenient)
	getThread := func(ctx context.Context, req threadOf) (thread, error) {
		th, err := a.s.Thread(ctx, identity.From(ctx).Website, req.Token, id.Message(req.After))
		if err != nil {
			return thread{}, err
		}
		v, err := a.view(ctx, th.Conversation, req.Lang)
		messages, more := a.messagesOf(th)
		return thread{v, messages, more, th.Visitor, th.Agents, th.Conversation.Revision()}, err
	}
	httpkit.Handle(r, "GET /conversations/{token}", 200,
		operation.New(chain, "conversations.get_conversation", authz.Read, getThread), httpkit.Lenient)
	httpkit.Handle(r, "GET /conversations/{token}/messages", 200,
		operation.New(chain, "conversations.list_messages", authz.Read, getThread), httpkit.Lenient)
	httpkit.Handle(r, "POST /conversations/{token}/rate", 200,
		operation.New(chain, "conversations.rate_conversation", authz.Visitor.UnlessBlocked(),
			func(ctx context.Context, req rate) (changed, error) {
				p := identity.From(ctx)
				c, err := a.s.Rate(ctx, p.Website, req.Token, p.VisitorID,
					conversations.Rating{Stars: req.Rating, Feedback: req.Feedback})
				return ownOf(c), err
			}), httpkit.Lenient)
}

func (a api) forAgents(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "POST /conversations/{token}/messages", 201,
		operation.New(chain, "conversations.post_message", authz.Write,
			func(ctx context.Context, req agentMessage) (posted, error) {
				caller := identity.From(ctx)
				author, err := authz.Author(caller, req.AuthorID)
				if err != nil {
					return posted{}, err
				}
				m, fresh, err := a.s.PostAsAgent(ctx, caller.Website, req.Token, conversations.Reply{
					Draft: conversations.Draft{
						Content: req.Content, AuthorID: author, ByProgram: caller.IsProgram(), ClientID: req.ClientMessageID,
						Attachments: req.Attachments,
					},
					Assign: req.Assign,
					IfLast: req.ifLast(),
					Change: req.patch(),
				})
				return posted{a.s.View(m), fresh}, err
			}))
	httpkit.Handle(r, "PATCH /conversations/{token}", 200,
		operation.New(chain, "conversations.update_conversation", authz.Write,
			func(ctx context.Context, req update) (changed, error) {
				c, err := a.s.Update(ctx, identity.From(ctx).Website, req.Token, req.patch())
				return a.viewed(ctx, c, err)
			}))
	httpkit.Handle(r, "GET /conversations/counts", 200,
		operation.New(chain, "conversations.count_conversations", authz.Read,
			func(ctx context.Context, req counts) (conversations.Counts, error) {
				return a.s.Counts(ctx, identity.From(ctx).Website, time.Time(req.Since))
			}))
	httpkit.Handle(r, "POST /conversations/{token}/typing", 204,
		operation.New(chain, "conversations.set_agent_typing", authz.Write,
			func(ctx context.Context, req typing) (operation.None, error) {
				p := identity.From(ctx)
				return operation.None{}, a.s.SetTyping(ctx, p.Website, req.Token, p.UserID, *req.Typing)
			}))
	httpkit.Handle(r, "POST /conversations/{token}/read", 204, operation.New(chain, "conversations.mark_read", authz.Write,
		func(ctx context.Context, req read) (operation.None, error) {
			caller := identity.From(ctx)
			return operation.None{}, a.s.MarkRead(ctx, caller.Website, req.Token, caller.UserID)
		}))
	httpkit.Handle(r, "POST /conversations/import", 200,
		operation.New(chain, "conversations.import_conversations", authz.ManageWrite,
			func(ctx context.Context, req importRequest) (importResult, error) {
				imported, existing, err := a.s.Import(ctx, identity.From(ctx).Website, req.rows())
				return importResult{imported, existing}, err
			}), httpkit.Body(MaxImportBody))
	httpkit.Handle(r, "GET /tags", 200, operation.New(chain, "conversations.list_tags", authz.Read,
		func(ctx context.Context, _ operation.None) (tagList, error) {
			tags, err := a.s.Tags(ctx, identity.From(ctx).Website)
			out := tagList{Data: make([]tag, len(tags))}
			for i, t := range tags {
				out.Data[i] = tagOf(t)
			}
			return out, err
		}))
	httpkit.Handle(r, "PUT /tags/{name}", 200, operation.New(chain, "conversations.put_tag", authz.Write,
		func(ctx context.Context, req putTag) (tag, error) {
			t, err := a.s.PutTag(ctx, identity.From(ctx).Website, req.Name, req.Names)
			return tagOf(t), err
		}))
	httpkit.Handle(r, "DELETE /tags/{name}", 200, operation.New(chain, "conversations.delete_tag", authz.Write,
		func(ctx context.Context, req deleteTag) (deletedTag, error) {
			return deletedTag{req.Name, true}, a.s.DeleteTag(ctx, identity.From(ctx).Website, req.Name)
		}))
}

func (a api) forVisitors(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /visitor/conversations", 200,
		operation.New(chain, "conversations.list_own_conversations", authz.Visitor,
			func(ctx context.Context, req ownList) (paging.Page[ownRow], error) {
				p := identity.From(ctx)
				found, err := a.s.OwnList(ctx, p.Website, p.VisitorID, req.Window)
				return paging.Envelope(req.Window, found, ownRowsOf(found.Rows)), err
			}))
	httpkit.Handle(r, "POST /visitor/conversations", 201,
		operation.New(chain, "conversations.open_conversation", authz.Visitor.UnlessBlocked(),
			func(ctx context.Context, req open) (opened, error) {
				p := identity.From(ctx)
				begin := a.s.Open
				if req.Continue {
					begin = a.s.Continue
				}
				c, m, fresh, err := begin(ctx, p.Website, p.VisitorID,
					conversations.Draft{Content: req.Content, ClientID: req.ClientMessageID, Attachments: req.Attachments})
				return opened{ownOf(c).View, a.s.View(m), fresh}, err
			}))
	httpkit.Handle(r, "GET /visitor/conversations/{token}/messages", 200,
		operation.New(chain, "conversations.list_own_messages", authz.Visitor,
			func(ctx context.Context, req since) (news, error) {
				p := identity.From(ctx)
				th, err := a.s.Since(ctx, p.Website, req.Token, p.VisitorID, id.Message(req.After), newsLimit)
				if err != nil {
					return news{}, err
				}
				return a.newsOf(ownOf(th.Conversation).View, th), nil
			}))
	httpkit.Handle(r, "POST /visitor/conversations/{token}/messages", 201,
		operation.New(chain, "conversations.post_own_message", authz.Visitor.UnlessBlocked(),
			func(ctx context.Context, req visitorMessage) (posted, error) {
				p := identity.From(ctx)
				m, fresh, err := a.s.PostAsVisitor(ctx, p.Website, req.Token, p.VisitorID,
					conversations.Draft{Content: req.Content, ClientID: req.ClientMessageID, Attachments: req.Attachments})
				return posted{a.s.View(m), fresh}, err
			}))
	httpkit.Handle(r, "POST /visitor/conversations/{token}/typing", 204,
		operation.New(chain, "conversations.set_visitor_typing", authz.Visitor.UnlessBlocked(),
			func(ctx context.Context, req typing) (operation.None, error) {
				p := identity.From(ctx)
				return operation.None{}, a.s.SetTypingByVisitor(ctx, p.Website, req.Token, p.VisitorID, *req.Typing)
			}))
	httpkit.Handle(r, "POST /visitor/conversations/{token}/read", 204,
		operation.New(chain, "conversations.mark_own_read", authz.Visitor,
			func(ctx context.Context, req read) (operation.None, error) {
				p := identity.From(ctx)
				return operation.None{}, a.s.MarkReadByVisitor(ctx, p.Website, req.Token, p.VisitorID)
			}))
	httpkit.Handle(r, "POST /visitor/conversations/{token}/close", 200,
		operation.New(chain, "conversations.close_conversation", authz.Visitor,
			func(ctx context.Context, req read) (changed, error) {
				p := identity.From(ctx)
				c, err := a.s.Close(ctx, p.Website, req.Token, p.VisitorID)
				return ownOf(c), err
			}))
}

func (a api) forSiblings(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /internal/conversations/by-token/{token}", 200,
		operation.New(chain, "conversations.resolve_token", authz.Internal,
			func(ctx context.Context, req byToken) (resolved, error) {
				c, err := a.s.Get(ctx, identity.From(ctx).Website, req.Token)
				return resolved{c.ID, c.VisitorID}, err
			}))
	httpkit.Handle(r, "POST /internal/conversations/visitor-messages", 200,
		operation.New(chain, "conversations.say_as_visitor", authz.Internal,
			func(ctx context.Context, req visitorSays) (resolved, error) {
				conversation, err := a.s.Say(ctx, identity.From(ctx).Website, req.Token, req.VisitorID,
					conversations.Draft{Content: req.Content, ClientID: req.ClientMessageID})
				return resolved{conversation, req.VisitorID}, err
			}))
	httpkit.Handle(r, "POST /internal/users/{id}/unassign", 200,
		operation.New(chain, "conversations.unassign", authz.Internal,
			func(ctx context.Context, req ofUser) (unassigned, error) {
				more, err := a.s.Unassign(ctx, identity.From(ctx).Website, req.ID)
				return unassigned{more}, err
			}))
	// The files service calls this before it removes files that have been claimed for messages.
	httpkit.Handle(r, "GET /internal/attached-files", 200,
		operation.New(chain, "conversations.list_attached_files", authz.Internal,
			func(ctx context.Context, req attachedFilesOf) (attachedFiles, error) {
				named, err := a.s.NamedFiles(ctx, identity.From(ctx).Website, req.IDs)
				return attachedFiles{IDs: named}, err
			}))
	// The visitors service calls this and shows the conversation to the visitor.
	httpkit.Handle(r, "GET /internal/conversations/open", 200,
		operation.New(chain, "conversations.get_open_conversation", authz.Internal,
			func(ctx context.Context, req openOf) (changed, error) {
				c, err := a.s.OpenOf(ctx, identity.From(ctx).Website, req.VisitorID)
				return ownOf(c), err
			}))
}

// views returns conversations as clients see them. The catalogue is only read if a language is requested.
func (a api) views(ctx context.Context, cs []conversations.Conversation, lang string) ([]conversations.View, error) {
	var catalogue conversations.Catalogue
	if lang != "" && len(cs) > 0 {
		var err error
		if catalogue, err = a.s.Catalogue(ctx, cs[0].WebsiteID); err != nil {
			return nil, err
		}
	}
	out, now := make([]conversations.View, len(cs)), time.Now()
	for i, c := range cs {
		out[i] = c.View(now, catalogue, lang)
	}
	return out, nil
}

func (a api) view(ctx context.Context, c conversations.Conversation, lang string) (conversations.View, error) {
	vs, err := a.views(ctx, []conversations.Conversation{c}, lang)
	if err != nil {
		return conversations.View{}, err
	}
	return vs[0], nil
}

// viewed returns the view of a changed conversation, unless the use case failed with err.
func (a api) viewed(ctx context.Context, c conversations.Conversation, err error) (changed, error) {
	if err != nil {
		return changed{}, err
	}
	v, err := a.view(ctx, c, "")
	return changed{v, c.Revision()}, err
}
