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
	// Hosts are the only names that may be asked, redirects included; empty: any public host.
	Hosts []string
	// HTTPSOnly refuses plain http.
	HTTPSOnly bool

	Resolver     Resolver // the system's
	MaxRedirects int      // 5; negative: none
	// EvenLookUps is how long it takes until a name is refused that leads nowhere public,
	// whatever is known of it, so that the time does not tell which names there are inside;
	// 0: as long as it takes. No look-up takes longer.
	EvenLookUps time.Duration
	Timeout     time.Duration // of a whole exchange, body included; 15 s
	MaxBytes    int64         // of a body, unpacked; 10 MiB
	UserAgent   string        // "Lyo"

	// AllowLoopback are exact addresses on the loopback that may be reached too, with
	// their port, for tests. Addresses that are not loopback are ignored.
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

// rules decide about addresses; they never change once made.
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

// canonical spells a host name the one way the rules compare it.
func canonical(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }
