package accounts

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/fault"
)

// Class is a class of operations that the edge limits together.
type Class string

// The classes whose limits a website can have of its own.
var classes = []Class{"read", "write", "import", "visitor", "session", "public", "stream"}

// Quota is how many requests of a class a website may make within a time.
type Quota struct {
	Requests int64 `bson:"requests" json:"requests"`
	Seconds  int64 `bson:"seconds" json:"seconds"`
}

// The most that a quota allows, and over how long, in seconds.
const (
	maxRequests = 1_000_000
	maxSeconds  = 3_600
)

// Quotas are the limits that a website has of its own; for every other class the edge's own holds.
type Quotas map[Class]Quota

// with gives q with changes: nil removes a class.
func (q Quotas) with(changes map[Class]*Quota, wrong *fault.Problems) Quotas {
	changed := maps.Clone(q)
	if changed == nil {
		changed = Quotas{}
	}
	for _, class := range slices.Sorted(maps.Keys(changes)) {
		at := "quotas." + string(class)
		if !slices.Contains(classes, class) {
			wrong.Add(at, "is none of "+known())
			continue
		}
		quota := changes[class]
		if quota == nil {
			delete(changed, class)
			continue
		}
		wrong.Check(quota.Requests >= 1 && quota.Requests <= maxRequests, at+".requests", fmt.Sprintf("must be 1 to %d", maxRequests))
		wrong.Check(quota.Seconds >= 1 && quota.Seconds <= maxSeconds, at+".seconds", fmt.Sprintf("must be 1 to %d", maxSeconds))
		changed[class] = *quota
	}
	return changed
}

func known() string {
	names := make([]string, len(classes))
	for i, c := range classes {
		names[i] = string(c)
	}
	return strings.Join(names, ", ")
}

// audited gives the quotas as text: "600/60" by class.
func (q Quotas) audited() map[string]string {
	texts := map[string]string{}
	for class, quota := range q {
		texts[string(class)] = fmt.Sprintf("%d/%d", quota.Requests, quota.Seconds)
	}
	return texts
}
