// Package api maps the operations of the files service to HTTP routes: Mount has all of them. It holds no business
// rules; those are in package files.
package api

import (
	"context"
	"fmt"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/files"
)

// Mount adds the operations of s to the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *files.Service) {
	upload := func(ctx context.Context, req upload) (contract.Attachment, error) {
		caller := identity.From(ctx)
		f, err := s.Upload(ctx, caller.Website, req.by(caller))
		if err != nil {
			return contract.Attachment{}, err
		}
		return f.View(s.Signer), nil
	}
	httpkit.Handle(r, "POST /files", 201, operation.New(chain, "files.upload_file", authz.Write, upload),
		httpkit.Body(files.MaxSizePro), httpkit.PublicResponse)
	httpkit.Handle(r, "POST /visitor/files", 201,
		operation.New(chain, "files.upload_own_file", authz.Visitor.UnlessBlocked(), upload), httpkit.Body(files.MaxSizePro))
	// Owners call this before they name files in what they store.
	httpkit.Handle(r, "POST /internal/files/claim", 200, operation.New(chain, "files.claim_files", authz.Internal,
		func(ctx context.Context, req claim) (claimed, error) {
			found, err := s.Claim(ctx, identity.From(ctx).Website,
				files.Claimant{VisitorID: req.VisitorID, IsVisitor: req.IsVisitor}, req.IDs)
			return claimedOf(found), err
		}))
	r.Stream("GET /files/{id}/content", opener{s, fileaddress.Content})
	r.Stream("GET /files/{id}/thumbnail", opener{s, fileaddress.Thumbnail})
}

type upload struct {
	Name    string          `query:"name" json:"-"`
	SHA256  string          `query:"sha256" json:"-"`
	Content httpkit.Content `json:"-"`
}

// by returns the upload of a caller. Each token, person and visitor is a sender of its own.
func (u upload) by(p identity.Principal) files.Upload {
	up := files.Upload{Name: u.Name, SHA256: u.SHA256, Sender: p.Actor(), Content: u.Content}
	if p.Kind == identity.Visitor {
		up.VisitorID, up.Sender = &p.VisitorID, fmt.Sprintf("visitor:%d", p.VisitorID)
	}
	return up
}

type claim struct {
	IDs       []id.File  `json:"ids"`
	VisitorID id.Visitor `json:"visitorId"`
	IsVisitor bool       `json:"isVisitor"`
}

// claimed are the files that an owner may name, with what it stores of them.
type claimed struct {
	Files []claimedFile `json:"files"`
}

type claimedFile struct {
	ID           id.File `json:"id"`
	Name         string  `json:"name"`
	Type         string  `json:"type"`
	Size         int64   `json:"size"`
	Width        int64   `json:"width"`
	Height       int64   `json:"height"`
	HasThumbnail bool    `json:"hasThumbnail"`
}

func claimedOf(found []files.File) claimed {
	c := claimed{Files: make([]claimedFile, len(found))}
	for i, f := range found {
		c.Files[i] = claimedFile{f.ID, f.Name, f.Type, f.Size, f.Width, f.Height, f.ThumbnailSize > 0}
	}
	return c
}
