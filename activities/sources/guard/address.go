package guard

import (
	"net/netip"
	"strconv"

	"github.com/lyoapp/lyo/activities/refusal"
)

// global is the one IPv6 block of public unicast addresses.
var global = netip.MustParsePrefix("2000::/3")

// special are the blocks that are internal, unused, or contain a disguised IPv4 address.
var special = prefixes(
	"0.0.0.0/8",         // this network
	"10.0.0.0/8",        // private
	"100.64.0.0/10",     // carrier-grade NAT, and a cloud's metadata
	"127.0.0.0/8",       // loopback
	"168.63.129.16/32",  // a cloud's host agent, on an address that looks public
	"169.254.0.0/16",    // link-local, and the metadata of most clouds
	"172.16.0.0/12",     // private
	"192.0.0.0/24",      // protocol assignments
	"192.0.2.0/24",      // documentation
	"192.88.99.0/24",    // 6to4 relays
	"192.168.0.0/16",    // private
	"198.18.0.0/15",     // benchmarks
	"198.51.100.0/24",   // documentation
	"203.0.113.0/24",    // documentation
	"224.0.0.0/4",       // multicast
	"240.0.0.0/4",       // reserved, broadcast
	"2001::/23",         // protocol assignments: Teredo, benchmarks, ORCHID
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4
	"3fff::/20",         // documentation
	"2620:4f:8000::/48", // AS112
	"192.175.48.0/24",   // AS112
	"192.31.196.0/24",   // AS112
	"192.52.193.0/24",   // automatic multicast tunnels
	"3ffe::/16",         // the old 6bone
)

func prefixes(blocks ...string) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(blocks))
	for _, block := range blocks {
		out = append(out, netip.MustParsePrefix(block))
	}
	return out
}

// public reports whether an address is reachable from the whole Internet. The rest of IPv6 is
// global unicast: ULA, site-local, link-local, NAT64 and the mapped and compatible forms
// of IPv4 lie outside of it.
func public(addr netip.Addr) bool {
	if addr.Zone() != "" || !addr.IsValid() {
		return false
	}
	addr = addr.Unmap()
	if addr.Is6() && !global.Contains(addr) {
		return false
	}
	for _, block := range special {
		if block.Contains(addr) {
			return false
		}
	}
	return true
}

// address checks the address of a connection before it is made.
func (r rules) address(at netip.AddrPort) *refusal.Error {
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	switch {
	case r.loopback[at]:
		return nil
	case !public(at.Addr()):
		return nowhere()
	case at.Port() != 80 && at.Port() != 443:
		return refused("The address names a port other than 80 and 443.")
	}
	return nil
}

func portOf(at netip.AddrPort) string { return strconv.Itoa(int(at.Port())) }
