package authentication

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

// Resolver looks up records of the name service. *net.Resolver is one. Its errors are *net.DNSError. A check calls it
// from several goroutines.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// bounded is a Resolver that refuses more than maxLookups lookups. All its errors are temporary failures, except that a
// name doesn't exist: also that ctx has ended.
type bounded struct {
	resolver Resolver
	left     *atomic.Int64
}

func newBounded(r Resolver) bounded {
	b := bounded{r, &atomic.Int64{}}
	b.left.Store(maxLookups)
	return b
}

// take counts a lookup.
func (b bounded) take(name string) error {
	if b.left.Add(-1) < 0 {
		return &net.DNSError{Err: "too many lookups for one mail", Name: name, IsTemporary: true}
	}
	return nil
}

// temporary returns the error of a lookup as a temporary failure, unless the name doesn't exist.
func temporary(name string, err error) error {
	var failure *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failure) && (failure.IsNotFound || failure.Temporary()):
		return failure
	default:
		return &net.DNSError{Err: err.Error(), Name: name, IsTemporary: true}
	}
}

// LookupTXT returns the TXT records of a name.
func (b bounded) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if err := b.take(name); err != nil {
		return nil, err
	}
	found, err := b.resolver.LookupTXT(ctx, name)
	return found, temporary(name, err)
}

// LookupMX returns the mail servers of a name.
func (b bounded) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	if err := b.take(name); err != nil {
		return nil, err
	}
	found, err := b.resolver.LookupMX(ctx, name)
	return found, temporary(name, err)
}

// LookupIPAddr returns the addresses of a host.
func (b bounded) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	if err := b.take(host); err != nil {
		return nil, err
	}
	found, err := b.resolver.LookupIPAddr(ctx, host)
	return found, temporary(host, err)
}

// LookupAddr returns the names of an address.
func (b bounded) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	if err := b.take(addr); err != nil {
		return nil, err
	}
	found, err := b.resolver.LookupAddr(ctx, addr)
	return found, temporary(addr, err)
}
