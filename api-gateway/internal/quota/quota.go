// Package quota decides which quotas a request spends, and writes their state into the RateLimit headers.
//
// Begin with Guard.Admit, which spends the quotas of a request, and Quotas (quotas.go), which has the defaults and the
// operator's file. The shared counters are in libs/store/ratelimit.
//
// A class of operations is limited either by address or by plan. By plan, a request spends up to three quotas: that of
// its caller (a token, a person, or a visitor at an address), for visitors that of all visitors of the website at the
// address, and that of the website. So one address can't spend a website's quota. A website may have its own quota for
// a class, which then applies to caller and website.
//
// Failed credentials are counted by address, and by address and token prefix, which slows down guessing. Addresses are
// grouped by httpkit.AddressKey.
//
// An unavailable dependency is no reason to refuse a request: without the website's data the plan's quotas apply.
package quota

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
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/libs/transport/httpkit"
)

// Website is the data of a website that its limits depend on.
type Website struct {
	Plan   identity.Plan          `json:"plan"`
	Quotas map[route.Class]Amount `json:"quotas"` // override those of its plan
	rules  map[route.Class]rule
}

// Ready precomputes the rules of w, so that requests don't.
func (w Website) Ready() Website {
	w.rules = make(map[route.Class]rule, len(w.Quotas))
	for class, own := range w.Quotas {
		w.rules[class] = ruleOf(class, Pair{Caller: own, Website: own, Address: own.part(Amount{})})
	}
	return w
}

// Websites returns a website, or the zero Website if it isn't available.
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

// Set replaces the quotas. It takes effect at once, for all later requests.
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

// rules are Quotas in the form that requests use.
type rules struct {
	plans     map[identity.Plan]map[route.Class]rule
	addresses map[route.Class]rule
	failures  Failures
}

// rule has the quotas of a class, and their value in the RateLimit-Policy header.
type rule struct {
	caller, website ratelimit.Quota // zero for none
	address         ratelimit.Quota // shared by all visitors of a website at one address
	policy          []string        // for tokens and addresses
	visitorPolicy   []string        // for visitors
}

func ruleOf(class route.Class, p Pair) rule {
	if p.Address == (Amount{}) {
		p.Address = p.Website.part(p.Caller)
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

// Admit spends one request of each quota that applies, and writes the state of the scarcest to h. It returns a Limited
// fault if a quota is used up.
func (g *Guard) Admit(
	ctx context.Context, class route.Class, p identity.Principal, address string, h http.Header,
) error {
	at := httpkit.AddressKey(address)
	if r, limited := g.rules.Load().addresses[class]; limited {
		h["Ratelimit-Policy"] = r.policy
		return writeState(h, class, g.limiter.Take(ctx, "a:"+at+":"+string(class), r.caller))
	}
	r := g.rule(ctx, class, p)
	h["Ratelimit-Policy"] = r.policy
	if p.Kind == identity.Visitor {
		h["Ratelimit-Policy"] = r.visitorPolicy
	}
	spent, n := r.spent(class, p, at)
	d := g.limiter.Take(ctx, spent[0].key, spent[0].quota)
	for _, s := range spent[1:n] {
		d = g.alsoTake(ctx, d, s.key, s.quota)
	}
	return writeState(h, class, d)
}

// keyed is a quota and the key under which it is counted.
type keyed struct {
	key   string
	quota ratelimit.Quota
}

// spent returns the n quotas that a request spends: its caller's, for visitors that of the website's visitors at the
// address, and the website's.
func (r rule) spent(class route.Class, p identity.Principal, at string) (spent [3]keyed, n int) {
	website := p.Website.String() + ":" + string(class)
	spent[0] = keyed{caller(p, at, class), r.caller}
	n = 1
	if p.Kind == identity.Visitor {
		spent[n] = keyed{"va:" + at + ":" + website, r.address}
		n++
	}
	if p.Website.IsZero() { // a person who acts in no website
		return spent, n
	}
	spent[n] = keyed{"w:" + website, r.website}
	return spent, n + 1
}

// chargedBytes is the length in bytes of a response that one request pays for. Each further chargedBytes cost one
// request more, so that reading long texts spends a quota as fast as reading often. A list of 20 has some 10 KiB.
const chargedBytes = 32 << 10

// Charge spends the requests that a long response costs beyond the one that Admit spent.
func (g *Guard) Charge(ctx context.Context, class route.Class, p identity.Principal, address string, bytes int64) {
	more := int((bytes - 1) / chargedBytes)
	if more < 1 || class.Streams() {
		return
	}
	if _, byAddress := g.rules.Load().addresses[class]; byAddress {
		return
	}
	spent, n := g.rule(ctx, class, p).spent(class, p, httpkit.AddressKey(address))
	for _, s := range spent[:n] {
		g.limiter.Charge(s.key, s.quota, more)
	}
}

// alsoTake spends one request of another quota if the quotas before it allow the request, and returns the decision of
// the scarcest.
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

// rule returns the rule of the website's own quotas, or of its plan.
func (g *Guard) rule(ctx context.Context, class route.Class, p identity.Principal) rule {
	w := g.websites(ctx, p.Website)
	if own, has := w.rules[class]; has {
		return own
	}
	return g.rules.Load().plans[cmp.Or(p.Plan, w.Plan, identity.Free)][class]
}

func caller(p identity.Principal, address string, class route.Class) string {
	if p.Kind == identity.Visitor {
		return "v:" + strconv.FormatInt(int64(p.VisitorID), 10) + ":" + address + ":" + string(class)
	}
	if p.Kind == identity.Person {
		return "p:" + strconv.FormatInt(int64(p.PersonID), 10) + ":" + p.Website.String() + ":" + string(class)
	}
	return "t:" + strconv.FormatInt(int64(p.TokenID), 10) + ":" + string(class)
}

// policy is the value of RateLimit-Policy, after draft-ietf-httpapi-ratelimit-headers-10.
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

// writeState writes the state of a quota into RateLimit, and into the older X-RateLimit headers that many clients read.
// Their reset is in seconds from now.
func writeState(h http.Header, class route.Class, d ratelimit.Decision) error {
	var room [96]byte
	b := append(append(append(room[:0], '"'), class...), `";r=`...)
	remaining := len(b)
	b = strconv.AppendInt(b, int64(d.Remaining), 10)
	remainingEnd := len(b)
	b = append(b, ";t="...)
	reset := len(b)
	b = strconv.AppendInt(b, int64(seconds(d.Reset())), 10)
	end := len(b)
	all := string(strconv.AppendInt(b, int64(d.Quota.Requests), 10)) // one allocation: every value is a substring
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

// Guessing returns a Limited fault if too many credentials from an address, or with a prefix from that address, have
// failed. prefix may be "". Prefixes are counted together with the address, so that other addresses can't block the
// owner of a token.
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

// Failed counts a failed credential and returns the refusal: the given one, or that of Guessing.
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

// failuresOf is the key that counts the failures of an address, or of a prefix at an address.
func failuresOf(at, prefix string) string {
	if prefix == "" {
		return "fa:" + at
	}
	return "fp:" + at + ":" + prefix
}
