// Package limit says which quotas a request spends, and tells its client how they stand.
//
// A class is limited either by address or by plan. By plan, a request spends the quota of its caller (a token, or a
// visitor at an address), then, if the caller is a visitor, the quota that all visitors of a website at that address
// share, and last the quota of the website: so one address can't spend a website's quota. A website may have a quota of
// its own for a class, which then holds for caller and website. Besides, failed credentials are counted by address, and by
// address and beginning, so that guessing is slow. Addresses are counted by httpkit.AddressKey.
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
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/ratelimit"
	"fivechat.dev/libs/transport/httpkit"
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
		w.rules[class] = ruleOf(class, Pair{Caller: own, Website: own, Address: own.share(Amount{})})
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
	r := &rules{
		plans:     map[identity.Plan]map[route.Class]rule{},
		addresses: map[route.Class]rule{},
		failures:  q.Failures,
	}
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
	address         ratelimit.Quota // of all visitors of a website at one address
	policy          []string        // for tokens and addresses
	visitorPolicy   []string        // for visitors
}

func ruleOf(class route.Class, p Pair) rule {
	if p.Address == (Amount{}) {
		p.Address = p.Website.share(p.Caller)
	}
	r := rule{
		caller:        p.Caller.quota(),
		website:       p.Website.quota(),
		address:       p.Address.quota(),
		visitorPolicy: []string{policy(class, p)},
	}
	p.Address = Amount{}
	r.policy = []string{policy(class, p)}
	return r
}

// Admit spends what a request of a class costs its caller, writes to h how the scarcest of the quotas stands, and gives a
// Limited fault where there is nothing left.
func (g *Guard) Admit(
	ctx context.Context, class route.Class, p identity.Principal, address string, h http.Header,
) error {
	at := httpkit.AddressKey(address)
	if r, limited := g.rules.Load().addresses[class]; limited {
		h["Ratelimit-Policy"] = r.policy
		return tell(h, class, g.limiter.Take(ctx, "a:"+at+":"+string(class), r.caller))
	}
	r := g.rule(ctx, class, p)
	website := p.Website.String() + ":" + string(class)
	d := g.limiter.Take(ctx, caller(p, at, class), r.caller)
	h["Ratelimit-Policy"] = r.policy
	if p.Kind == identity.Visitor {
		h["Ratelimit-Policy"] = r.visitorPolicy
		d = g.alsoTake(ctx, d, "va:"+at+":"+website, r.address)
	}
	return tell(h, class, g.alsoTake(ctx, d, "w:"+website, r.website))
}

// chargedBytes is how many bytes of an answer a request pays for by itself; each further chargedBytes cost as much as one
// request more. So who reads long texts spends a quota as fast as who reads often. A list of 20 has some 10 KiB.
const chargedBytes = 32 << 10

// Charge spends what the bytes of an answer cost beyond the request that Admit let through.
func (g *Guard) Charge(ctx context.Context, class route.Class, p identity.Principal, address string, bytes int64) {
	more := int((bytes - 1) / chargedBytes)
	if _, byAddress := g.rules.Load().addresses[class]; byAddress || class.Streams() || more < 1 {
		return
	}
	at := httpkit.AddressKey(address)
	r := g.rule(ctx, class, p)
	website := p.Website.String() + ":" + string(class)
	g.limiter.Charge(caller(p, at, class), r.caller, more)
	if p.Kind == identity.Visitor {
		g.limiter.Charge("va:"+at+":"+website, r.address, more)
	}
	g.limiter.Charge("w:"+website, r.website, more)
}

// alsoTake spends one request of another quota if the quotas before it allow the request, and returns the decision of the
// scarcest.
func (g *Guard) alsoTake(
	ctx context.Context, before ratelimit.Decision, key string, q ratelimit.Quota,
) ratelimit.Decision {
	if !before.Allowed {
		return before
	}
	if d := g.limiter.Take(ctx, key, q); !d.Allowed || d.Remaining < before.Remaining {
		return d
	}
	return before
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
	if p.Address.Requests > 0 && p.Address != p.Caller {
		b = item(append(b, ", "...), string(class)+"-address", p.Address)
	}
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

// Guessing refuses a caller who brought too many credentials that failed. prefix may be "". A beginning is counted with the
// address, so that others can't have the owner of a token refused.
func (g *Guard) Guessing(address, prefix string) error {
	at := httpkit.AddressKey(address)
	wait := g.limiter.Blocked(failuresOf(at, ""))
	if prefix != "" {
		wait = max(wait, g.limiter.Blocked(failuresOf(at, prefix)))
	}
	if wait <= 0 {
		return nil
	}
	f := fault.Coded(fault.Limited, "too_many_failures", "too many credentials that are not valid, try again later")
	f.RetryAfter = max(wait, time.Second)
	return f
}

// Failed counts a credential that failed, and returns its refusal: refusal, or that of a caller who guesses.
func (g *Guard) Failed(ctx context.Context, address, prefix string, refusal error) error {
	if err := g.Guessing(address, prefix); err != nil {
		return err
	}
	f, at := g.rules.Load().failures, httpkit.AddressKey(address)
	g.limiter.Take(ctx, failuresOf(at, ""), f.Address.quota())
	if prefix != "" {
		g.limiter.Take(ctx, failuresOf(at, prefix), f.Prefix.quota())
	}
	return refusal
}

// failuresOf is the key of the failures of an address, or of a beginning at an address.
func failuresOf(at, prefix string) string {
	if prefix == "" {
		return "fa:" + at
	}
	return "fp:" + at + ":" + prefix
}
