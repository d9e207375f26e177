package rediskit

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Content of Redis is either a hint, which costs time if it is wrong (announcements, state of rate limits, the list of
// replicas), or authenticated with the assertion keys. Each kind of authenticated content has its own purpose, and its
// MAC covers its place, so that nothing can be replayed elsewhere.
const (
	purposeStream    = "redis stream entry"
	purposeCache     = "redis cache entry"
	purposeTransient = "redis transient event"
)

// purposes are these purposes with their labels in metrics.
var purposes = map[string]string{purposeStream: "stream", purposeCache: "cache", purposeTransient: "transient"}

func newUnverified() *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivechat_redis_unverified_total",
		Help: "Content of Redis that was ignored because its MAC was not valid for its place, by kind.",
	}, []string{"kind"})
	for _, kind := range purposes {
		v.WithLabelValues(kind)
	}
	return v
}

// sign returns the MAC of parts. Without keys it returns "", and nothing verifies.
func (c *Client) sign(purpose string, parts ...string) string {
	if c.keys == nil {
		return ""
	}
	return c.keys.MAC(purpose, parts...)
}

// verified reports whether a MAC is valid for parts. It counts invalid ones.
func (c *Client) verified(code, purpose string, parts ...string) bool {
	if c.keys != nil && c.keys.ValidMAC(code, purpose, parts...) {
		return true
	}
	c.unverified.WithLabelValues(purposes[purpose]).Inc()
	return false
}

// SignTransient returns the MAC of a transient event. Its parts include its time, by which receivers refuse old
// events.
func (c *Client) SignTransient(parts ...string) string { return c.sign(purposeTransient, parts...) }

// VerifiedTransient reports whether code is the MAC of a transient event.
func (c *Client) VerifiedTransient(code string, parts ...string) bool {
	return c.verified(code, purposeTransient, parts...)
}
