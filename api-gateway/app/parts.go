package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"fivechat.dev/api-gateway/internal/lookupcache"
	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/api-gateway/internal/quota"
	"fivechat.dev/api-gateway/internal/responsecache"
	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/api-gateway/internal/session"
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/api-gateway/internal/token"
	"fivechat.dev/api-gateway/internal/visitor"
	"fivechat.dev/api-gateway/internal/website"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

// parts are the components that the gateway assembles, and the tasks that keep them up to date.
type parts struct {
	redis    *rediskit.Client // nil without Redis
	tokens   *token.Resolver
	sessions *session.Resolver
	visitors *visitor.Resolver
	websites *website.Directory
	guard    *quota.Guard
	storage  *storagequota.Limiter
	proxy    *proxy.Proxy
	bodies   *share.Budget // the bytes of request bodies
	widgets  *responsecache.Cache
	tasks    []runner.Task
}

func newParts(
	c Config, keys *identity.Keyring, services map[route.Upstream]*url.URL, tele *telemetry.Telemetry,
) (p *parts, err error) {
	p = &parts{}
	lookups := lookupcache.NewLookups(tele.Registry)
	accounts := httpkit.NewClient(c.AccountsURL, keys, tele)
	if c.Redis.URL != "" {
		if p.redis, err = rediskit.Connect(c.Redis, keys); err != nil {
			return p, err
		}
		p.redis.Measure(tele)
		p.tasks = append(p.tasks, runner.Task{Name: "forget", Run: func(ctx context.Context) error {
			return p.redis.OnForget(ctx, p.forget)
		}})
	}
	if p.websites, err = website.New(accounts, lookups); err != nil {
		return p, err
	}
	usage := func(ctx context.Context, t tenant.ID) (storagequota.Usage, error) {
		return httpkit.Call[storagequota.Usage](ctx, accounts, t, "GET", "/internal/website-storage", nil)
	}
	if p.storage, err = storagequota.NewLimiter(usage, tele.Log, time.Now); err != nil {
		return p, err
	}
	if err = p.limits(c, tele); err != nil {
		return p, err
	}
	if p.tokens, err = token.New(accounts, p.guard, lookups); err != nil {
		return p, err
	}
	if p.sessions, err = session.New(accounts, p.guard, lookups); err != nil {
		return p, err
	}
	if p.visitors, err = visitor.New(httpkit.NewClient(c.VisitorsURL, keys, tele), p.guard, lookups); err != nil {
		return p, err
	}
	p.bodies = share.NewBudget(c.BytesInFlight)
	answers := share.NewBudget(c.BytesInFlight)
	share.Measure(tele.Registry, map[string]*share.Budget{"bodies": p.bodies, "answers": answers})
	if p.proxy, err = proxy.New(services, c.Concurrency, answers, keys, tele); err != nil {
		return p, err
	}
	p.widgets, err = responsecache.New("/widgets/", widgetType, p.shared(), lookups, askWidgets(p.proxy))
	return p, err
}

// shared is the cache that all gateways share, nil without Redis.
func (p *parts) shared() responsecache.Shared {
	if p.redis == nil {
		return nil
	}
	return p.redis
}

// limits makes the guard, with the quotas that the settings name.
func (p *parts) limits(c Config, tele *telemetry.Telemetry) error {
	var counters ratelimit.Store
	if p.redis != nil {
		counters = p.redis
	}
	limiter, err := ratelimit.New(counters, c.Replicas, tele.Registry)
	if err != nil {
		return err
	}
	p.guard = quota.New(limiter, p.websites.Of)
	p.tasks = append(p.tasks, runner.Task{Name: "replicas", Run: func(ctx context.Context) error {
		return limiter.Heartbeat(ctx, rand.Text())
	}})
	if c.QuotasFile == "" {
		return nil
	}
	read, err := config.Read(c.QuotasFile)
	if err == nil {
		err = p.quotas(read)
	}
	if err != nil {
		return fmt.Errorf("FIVECHAT_QUOTAS: %w", err)
	}
	p.tasks = append(p.tasks, runner.Task{Name: "quotas", Run: func(ctx context.Context) error {
		config.Follow(ctx, read, p.quotas, func(err error) {
			tele.Log.ErrorContext(ctx, "loading the quota file failed; keeping the previous quotas", "error", err)
		}, c.QuotasFile)
		return nil
	}})
	return nil
}

func (p *parts) quotas(f config.Files) error {
	q, err := quota.Parse(f[0])
	if err == nil {
		p.guard.Set(q)
	}
	return err
}

// forget drops the cached entry that a service announced as changed. For "" it drops everything: announcements may have
// been missed.
func (p *parts) forget(of, key string) {
	switch of {
	case "":
		p.tokens.Forget("")
		p.sessions.Forget("")
		p.visitors.Forget()
		p.websites.Forget("")
		p.storage.Forget(tenant.ID{})
		p.widgets.Forget("")
	case token.Cache:
		p.tokens.Forget(key)
	case session.Cache:
		p.sessions.Forget(key)
	case session.PersonCache:
		if n, err := strconv.ParseInt(key, 10, 64); err == nil {
			p.sessions.ForgetPerson(id.Person(n))
		}
	case visitor.Cache:
		p.visitors.ForgetToken(key)
	case responsecache.Name:
		p.widgets.Forget(key)
	case website.Cache:
		p.websites.Forget(key)
		if t, err := tenant.Parse(key); err == nil {
			p.tokens.ForgetWebsite(t)
			p.sessions.ForgetWebsite(t)
			p.visitors.ForgetWebsite(t)
			p.storage.Forget(t)
		}
	}
}

// uses lists the dependencies that the admin listener reports.
func (p *parts) uses() map[string]func(context.Context) error {
	if p.redis == nil {
		return nil
	}
	return map[string]func(context.Context) error{"redis": p.redis.Ping}
}

func (p *parts) close(context.Context) error {
	if p.redis == nil {
		return nil
	}
	return p.redis.Close()
}
