package api

import (
	"errors"
	"strconv"

	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/visitors"
)

// flag is a query parameter that is true, false or not there.
type flag struct{ optional.Value[bool] }

var errNotFlag = errors.New("must be true or false")

// UnmarshalText reads the flag.
func (f *flag) UnmarshalText(b []byte) error {
	v, err := strconv.ParseBool(string(b))
	if err != nil {
		return errNotFlag
	}
	f.Value = optional.Of(v)
	return nil
}

type list struct {
	Online flag `query:"online" json:"-"`
	paging.Following
}

type byToken struct {
	Token string `path:"token" json:"-"`
}

type byIDs struct {
	IDs httpkit.IDs `query:"ids" json:"-"`
}

// changes is what a body may say about a visitor.
type changes struct {
	Name    optional.Value[string]           `json:"name"`
	Context optional.Value[visitors.Context] `json:"context"`
}

func (c changes) patch() visitors.Patch { return visitors.Patch{Name: c.Name, Context: c.Context.V} }

type update struct {
	Token string `path:"token" json:"-"`
	changes
}

type openSession struct {
	ClientToken  string `json:"clientToken"`
	VisitorToken string `json:"visitorToken"`
	// VisitorSecret is empty where the client has none yet; a client that does not know of secrets leaves it out.
	VisitorSecret optional.Value[string] `json:"visitorSecret"`
	changes
}

// secret is nil where the member is left out.
func (r openSession) secret() *string {
	if !r.VisitorSecret.Set {
		return nil
	}
	return &r.VisitorSecret.V
}

// heartbeat says nothing but that somebody is there.
type heartbeat struct{}

type importRequest struct {
	Rows []importRow `json:"rows"`
}

type importRow struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

func (r importRequest) rows() []visitors.ImportRow {
	rows := make([]visitors.ImportRow, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = visitors.ImportRow(row)
	}
	return rows
}
