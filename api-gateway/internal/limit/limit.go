// Package limit says which quotas a request spends, and tells its client how they stand.
//
// A class is limited either by address or by plan. By plan, a request spends two quotas: that of its caller (a token, or a
// visitor at an address) and that of the website; a website may have a quota of its own for a class, which then holds
// for both. Besides, failed credentials are counted, so that guessing is slow.
package limit

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/ratelimit"
	"fivechat.dev/libs/tenant"
)

// Website is what limits depend on.
type Website struct {
	Plan   identity.Plan          `json:"plan"`
	Quotas map[route.Class]Amount `json:"quotas"` // its own, in place of its plan's
	rules  map[route.Class]rule
}

// Ready makes w ready for requests, once for all of them.
func (w Website) Ready() Website {
	w.rules = make(map[route.Class]rule, len(w.Quotas))
	for class, own := range w.Quotas {
		w.rules[class] = ruleOf(class, Pair{own, own})
	}
	return w
}

// Websites gives a website, the zero Website where it cannot be had: limits are no reason to refuse.
type Websites func(ctx context.Context, t tenant.ID) Website

// Guard spends quotas.
type Guard struct {
	limiter  *ratelimit.Limiter
	rules    atomic.Pointer[rules]
	websites Websites
}

// New makes a Guard of the default quotas.
func New(l *ratelimit.Limiter, w Websites) *Guard {
	g := &Guard{limiter: l, websites: w}
	g.Set(Default())
	return g
}

// Set replaces the quotas, at once and for every request from now on.
func (g *Guard) Set(q Quotas) {
	r := &rules{plans: map[identity.Plan]map[route.Class]rule{}, addresses: map[route.Class]rule{}, failures: q.Failures}
	for plan, classes := range q.Plans {
		r.plans[plan] = map[route.Class]rule{}
		for class, p := range classes {
			r.plans[plan][class] = ruleOf(class, p)
		}
	}
	for class, a := range q.Addresses {
		r.addresses[class] = ruleOf(class, Pair{Caller: a})
	}
	g.rules.Store(r)
}

// rules are Quotas as requests need them.
type rules struct {
	plans     map[identity.Plan]map[route.Class]rule
	addresses map[route.Class]rule
	failures  Failures
}

// rule is the quotas of a class, and how they are told.
type rule struct {
	caller, website ratelimit.Quota // zero: none
	policy          []string
}

func ruleOf(class route.Class, p Pair) rule {
	return rule{p.Caller.quota(), p.Website.quota(), []string{policy(class, p)}}
}

// Admit spends what a request of a class costs its caller, writes to h how the scarcest of the quotas stands, and gives a
// Limited fault where there is nothing left.
func (g *Guard) Admit(ctx context.Context, class route.Class, p identity.Principal, address string, h http.Header) error {
	if r, limited := g.rules.Load().addresses[class]; limited {
		h["Ratelimit-Policy"] = r.policy
		return tell(h, class, g.limiter.Take(ctx, "a:"+address+":"+string(class), r.caller))
	}
	r := g.rule(ctx, class, p)
	h["Ratelimit-Policy"] = r.policy
	d := g.limiter.Take(ctx, caller(p, address, class), r.caller)
	if d.Allowed {
		w := g.limiter.Take(ctx, "w:"+p.Website.String()+":"+string(class), r.website)
		if !w.Allowed || w.Remaining < d.Remaining {
			d = w
		}
	}
	return tell(h, class, d)
}

// rule is that of a request's website, or of its plan.
func (g *Guard) rule(ctx context.Context, class route.Class, p identity.Principal) rule {
	w := g.websites(ctx, p.Website)
	if own, has := w.rules[class]; has {
		return own
	}
	return g.rules.Load().plans[cmp.Or(p.Plan, w.Plan, identity.Free)][class]
}

func caller(p identity.Principal, address string, class route.Class) string {
	if p.Kind == identity.Visitor {
		return "v:" + strconv.FormatInt(p.VisitorID, 10) + ":" + address + ":" + string(class)
	}
	return "t:" + strconv.FormatInt(p.TokenID, 10) + ":" + string(class)
}

// policy is how quotas are told, as draft-ietf-httpapi-ratelimit-headers-10 has it.
func policy(class route.Class, p Pair) string {
	b := item(nil, string(class), p.Caller)
	if p.Website.Requests > 0 && p.Website != p.Caller {
		b = item(append(b, ", "...), string(class)+"-website", p.Website)
	}
	return string(b)
}

func item(b []byte, name string, a Amount) []byte {
	b = append(append(append(b, '"'), name...), `";q=`...)
	b = append(strconv.AppendInt(b, int64(a.Requests), 10), ";w="...)
	return strconv.AppendInt(b, int64(a.Seconds), 10)
}

// tell writes how a quota stands, also in the older headers that many clients read; their reset is in seconds from now.
func tell(h http.Header, class route.Class, d ratelimit.Decision) error {
	var room [96]byte
	b := append(append(append(room[:0], '"'), class...), `";r=`...)
	remaining := len(b)
	b = strconv.AppendInt(b, int64(d.Remaining), 10)
	remainingEnd := len(b)
	b = append(b, ";t="...)
	reset := len(b)
	b = strconv.AppendInt(b, int64(seconds(d.Reset())), 10)
	end := len(b)
	all := string(strconv.AppendInt(b, int64(d.Quota.Requests), 10)) // one string, of which every value is a part
	values := [4]string{all[:end], all[end:], all[remaining:remainingEnd], all[reset:end]}
	h["Ratelimit"], h["X-Ratelimit-Limit"], h["X-Ratelimit-Remaining"], h["X-Ratelimit-Reset"] =
		values[0:1:1], values[1:2:2], values[2:3:3], values[3:4:4]
	if d.Allowed {
		return nil
	}
	f := fault.New(fault.Limited, "too many requests of the class "+string(class)+", try again later")
	f.RetryAfter = max(d.RetryAfter, time.Second)
	return f
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// Guessing refuses who brought too many credentials that failed. prefix may be "".
func (g *Guard) Guessing(address, prefix string) error {
	wait := g.limiter.Blocked("fa:" + address)
	if prefix != "" {
		wait = max(wait, g.limiter.Blocked("fp:"+prefix))
	}
	if wait <= 0 {
		return nil
	}
	f := fault.Coded(fault.Limited, "too_many_failures", "too many credentials that are not valid, try again later")
	f.RetryAfter = max(wait, time.Second)
	return f
}

// Failed counts a credential that failed.
func (g *Guard) Failed(ctx context.Context, address, prefix string) {
	f := g.rules.Load().failures
	g.limiter.Take(ctx, "fa:"+address, f.Address.quota())
	if prefix != "" {
		g.limiter.Take(ctx, "fp:"+prefix, f.Prefix.quota())
	}
}
