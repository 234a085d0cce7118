package guard

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/lyoapp/lyo/activities/refusal"
)

// url checks an address before any look-up.
func (r rules) url(at *url.URL) *refusal.Error {
	switch {
	case at.Scheme != "https" && at.Scheme != "http":
		return refused("Only addresses that begin with https:// or http:// can be read.")
	case at.User != nil:
		return refused("The address holds a user name or a password.")
	case at.Opaque != "":
		return refused("The address is malformed.")
	case at.Port() != "" && !r.ports[at.Port()]:
		return refused("The address names a port other than 80 and 443.")
	}
	if err := r.host(at.Hostname()); err != nil {
		return err
	}
	if r.httpsOnly && at.Scheme != "https" && !r.atLoopback(at) {
		return refused("Only addresses that begin with https:// can be read.")
	}
	return nil
}

// atLoopback reports whether the address is literally one that tests allow.
func (r rules) atLoopback(at *url.URL) bool {
	to, err := netip.ParseAddrPort(at.Host)
	return err == nil && r.loopback[to]
}

// host checks a name or a literal address as it is in a URL.
func (r rules) host(host string) *refusal.Error {
	name := canonical(host)
	if len(r.hosts) > 0 && !r.hosts[name] {
		return refused("The address leads to a site that is not among those Lyo asks.")
	}
	addr, err := netip.ParseAddr(name)
	if err == nil {
		return r.literal(addr)
	}
	switch {
	case name == "" || strings.ContainsAny(name, " %/\\@:[]"):
		return refused("The address is malformed.")
	case looksNumeric(name):
		return refused("The address spells a number in an unusual way.")
	case !strings.Contains(name, ".") || inside(name):
		return nowhere()
	}
	return nil
}

func (r rules) literal(addr netip.Addr) *refusal.Error {
	for at := range r.loopback {
		if at.Addr() == addr.Unmap() {
			return nil // its port is checked when it is dialled
		}
	}
	if !public(addr) {
		return nowhere()
	}
	return nil
}

// looksNumeric reports decimal, octal and hexadecimal spellings of IPv4 addresses, which
// some resolvers accept: those whose last part is a number.
func looksNumeric(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" || strings.Trim(last, "0123456789") == "" {
		return true
	}
	_, err := strconv.ParseUint(last, 0, 64)
	return err == nil
}

// inside reports names that have a meaning only within a network.
func inside(name string) bool {
	for _, suffix := range []string{".localhost", ".local", ".internal", ".localdomain", ".lan", ".home", ".corp", ".intranet", ".home.arpa", ".svc"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}
