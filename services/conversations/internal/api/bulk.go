package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/conversations"
)

// bulk is one change of several conversations.
type bulk struct {
	Tokens []string    `json:"tokens"`
	Change *bulkChange `json:"change"`
}

// Validate requires a change. Its absent members stay unchanged.
func (b bulk) Validate() error {
	if b.Change == nil {
		return fault.Bad("change", "must be an object")
	}
	return nil
}

type bulkChange struct {
	change
	AddTags    []string `json:"addTags"`
	RemoveTags []string `json:"removeTags"`
}

func (c bulkChange) patch() conversations.Patch {
	p := c.change.patch()
	p.AddTags, p.RemoveTags = c.AddTags, c.RemoveTags
	return p
}

// bulkResults has a result for each conversation.
type bulkResults struct {
	Data []bulkResult `json:"data" writer:"kept"`
}

type bulkResult struct {
	Token string     `json:"token"`
	Error *bulkError `json:"error"`
}

// bulkError is the reason for which a conversation wasn't changed, in the words of the error of a single change.
type bulkError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func bulkResultsOf(results []conversations.BulkResult) bulkResults {
	out := bulkResults{Data: make([]bulkResult, len(results))}
	for i, r := range results {
		out.Data[i].Token = r.Token
		if r.Err != nil {
			f := fault.From(r.Err)
			out.Data[i].Error = &bulkError{f.Code, f.Message}
		}
	}
	return out
}

func (a api) inboxChanges(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "PATCH /inbox", 200, operation.New(chain, "conversations.update_inbox", authz.Write,
		func(ctx context.Context, req bulk) (bulkResults, error) {
			results, err := a.s.UpdateAll(ctx, identity.From(ctx).Website, req.Tokens, req.Change.patch())
			return bulkResultsOf(results), err
		}))
}
