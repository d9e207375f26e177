// Package limit says which quotas a request spends, and tells its client how they stand.
//
// A request of a website spends two: that of its caller (a token, or a visitor at an address) and that of the website,
// both of its row's class and the website's plan; a website may have quotas of its own, which then hold for both. A
// request of nobody known spends its address's. Besides, failed credentials are counted, so that guessing is slow.
package limit

import (
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
}

// Websites gives a website, the zero Website where it cannot be had: limits are no reason to refuse.
type Websites func(ctx context.Context, t tenant.ID) Website

// Guard spends quotas.
type Guard struct {
	limiter  *ratelimit.Limiter
	quotas   atomic.Pointer[Quotas]
	websites Websites
}

// New makes a Guard of the default quotas.
func New(l *ratelimit.Limiter, w Websites) *Guard {
	g := &Guard{limiter: l, websites: w}
	g.Set(Default())
	return g
}

// Set replaces the quotas, at once and for every request from now on.
func (g *Guard) Set(q Quotas) { g.quotas.Store(&q) }

// Admit spends what a request of a class costs its caller, writes to h how the scarcest of the quotas stands, and gives a
// Limited fault where there is nothing left.
func (g *Guard) Admit(ctx context.Context, class route.Class, p identity.Principal, address string, h http.Header) error {
	if p.Website.IsZero() {
		a, limited := g.quotas.Load().Addresses[class]
		if !limited {
			return nil
		}
		d := g.limiter.Take(ctx, "a:"+address+":"+string(class), a.quota())
		policy(h, class, a, Amount{})
		return tell(h, class, d)
	}
	pair := g.pair(ctx, class, p)
	if pair.Caller.Requests == 0 {
		return nil
	}
	policy(h, class, pair.Caller, pair.Website)
	d := g.limiter.Take(ctx, caller(p, address, class), pair.Caller.quota())
	if d.Allowed {
		w := g.limiter.Take(ctx, "w:"+p.Website.String()+":"+string(class), pair.Website.quota())
		if !w.Allowed || w.Remaining < d.Remaining {
			d = w
		}
	}
	return tell(h, class, d)
}

// pair is the quotas of a request's caller and website.
func (g *Guard) pair(ctx context.Context, class route.Class, p identity.Principal) Pair {
	w := g.websites(ctx, p.Website)
	if own, has := w.Quotas[class]; has {
		return Pair{own, own}
	}
	plan := p.Plan
	if plan == "" {
		plan = w.Plan
	}
	if plan == "" {
		plan = identity.Free
	}
	return g.quotas.Load().Plans[plan][class]
}

func caller(p identity.Principal, address string, class route.Class) string {
	if p.Kind == identity.Visitor {
		return "v:" + strconv.FormatInt(p.VisitorID, 10) + ":" + address + ":" + string(class)
	}
	return "t:" + strconv.FormatInt(p.TokenID, 10) + ":" + string(class)
}

// policy writes what the quotas are, as draft-ietf-httpapi-ratelimit-headers-10 has it.
func policy(h http.Header, class route.Class, caller, website Amount) {
	b := item(make([]byte, 0, 64), string(class), caller)
	if website.Requests > 0 && website != caller {
		b = item(append(b, ", "...), string(class)+"-website", website)
	}
	h["Ratelimit-Policy"] = []string{string(b)}
}

func item(b []byte, name string, a Amount) []byte {
	b = append(append(append(b, '"'), name...), `";q=`...)
	b = append(strconv.AppendInt(b, int64(a.Requests), 10), ";w="...)
	return strconv.AppendInt(b, int64(a.Seconds), 10)
}

// tell writes how a quota stands, also in the older headers that many clients read; their reset is in seconds from now.
func tell(h http.Header, class route.Class, d ratelimit.Decision) error {
	remaining, reset := strconv.Itoa(d.Remaining), strconv.Itoa(seconds(d.Reset()))
	h["Ratelimit"] = []string{`"` + string(class) + `";r=` + remaining + ";t=" + reset}
	h["X-Ratelimit-Limit"] = []string{strconv.Itoa(d.Quota.Requests)}
	h["X-Ratelimit-Remaining"] = []string{remaining}
	h["X-Ratelimit-Reset"] = []string{reset}
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
	f := g.quotas.Load().Failures
	g.limiter.Take(ctx, "fa:"+address, f.Address.quota())
	if prefix != "" {
		g.limiter.Take(ctx, "fp:"+prefix, f.Prefix.quota())
	}
}
