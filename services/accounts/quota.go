package accounts

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/fault"
)

// Class is a class of operations with a common rate limit at the gateway.
type Class string

// The classes for which a website can have limits of its own.
var classes = []Class{"read", "write", "import", "visitor", "session", "public", "stream", "upload"}

// Quota is a rate limit of a website for a class of operations: requests within a time.
type Quota struct {
	Requests int64 `bson:"requests" json:"requests"`
	Seconds  int64 `bson:"seconds" json:"seconds"`
}

// The maximum requests of a quota, and its maximum period in seconds.
const (
	maxRequests = 1_000_000
	maxSeconds  = 3_600
)

// Quotas are the limits of a website's own. For other classes the limits of the gateway apply.
type Quotas map[Class]Quota

// checkQuotas reports unknown classes, and quotas out of their bounds.
func checkQuotas(changes map[Class]*Quota, wrong *fault.Problems) {
	for _, class := range slices.Sorted(maps.Keys(changes)) {
		at := "quotas." + string(class)
		if !slices.Contains(classes, class) {
			wrong.Add(at, "is not a class; the classes are "+known())
			continue
		}
		if quota := changes[class]; quota != nil {
			wrong.Check(quota.Requests >= 1 && quota.Requests <= maxRequests, at+".requests",
				fmt.Sprintf("must be 1 to %d", maxRequests))
			wrong.Check(quota.Seconds >= 1 && quota.Seconds <= maxSeconds, at+".seconds",
				fmt.Sprintf("must be 1 to %d", maxSeconds))
		}
	}
}

// with returns q with valid changes. A nil quota removes a class.
func (q Quotas) with(changes map[Class]*Quota) Quotas {
	changed := maps.Clone(q)
	if changed == nil {
		changed = Quotas{}
	}
	for class, quota := range changes {
		if quota == nil {
			delete(changed, class)
			continue
		}
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

// audited returns the quotas as text for the audit log: "600/60" (requests/seconds) by class.
func (q Quotas) audited() map[string]string {
	texts := map[string]string{}
	for class, quota := range q {
		texts[string(class)] = fmt.Sprintf("%d/%d", quota.Requests, quota.Seconds)
	}
	return texts
}
