package guard

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options configure a client. The zero value reaches every public host.
type Options struct {
	// Hosts are the only allowed names, redirects included; empty: any public host.
	Hosts []string
	// HTTPSOnly refuses plain http.
	HTTPSOnly bool

	Resolver     Resolver // the system's
	MaxRedirects int      // 5; negative: none
	// EvenLookUps is the time after which a name without a public address is refused, whatever
	// the reason, so that the timing does not reveal which internal names exist; 0: as soon
	// as possible. No look-up takes longer.
	EvenLookUps time.Duration
	Timeout     time.Duration // of a whole exchange, body included; 15 s
	MaxBytes    int64         // of a body, unpacked; 10 MiB
	UserAgent   string        // "Lyo"

	// AllowLoopback are exact loopback addresses, with their port, that are allowed too, for
	// tests. Addresses that are not loopback are ignored.
	AllowLoopback []netip.AddrPort
}

func (o Options) withDefaults() Options {
	if o.Resolver == nil {
		o.Resolver = &net.Resolver{}
	}
	if o.MaxRedirects == 0 {
		o.MaxRedirects = 5
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 10 << 20
	}
	if o.UserAgent == "" {
		o.UserAgent = "Lyo"
	}
	return o
}

// rules check addresses; they are immutable.
type rules struct {
	hosts     map[string]bool
	httpsOnly bool
	loopback  map[netip.AddrPort]bool
	ports     map[string]bool
}

func newRules(o Options) rules {
	r := rules{
		hosts: map[string]bool{}, httpsOnly: o.HTTPSOnly,
		loopback: map[netip.AddrPort]bool{}, ports: map[string]bool{"80": true, "443": true},
	}
	for _, host := range o.Hosts {
		r.hosts[canonical(host)] = true
	}
	for _, at := range o.AllowLoopback {
		if at.Addr().Unmap().IsLoopback() {
			at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
			r.loopback[at] = true
			r.ports[portOf(at)] = true
		}
	}
	return r
}

// canonical returns a host name in the spelling that the rules compare.
func canonical(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }
