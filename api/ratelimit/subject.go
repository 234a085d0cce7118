package ratelimit

import (
	"net/netip"

	"github.com/google/uuid"
)

// subnet is how much of an IPv6 address one customer gets: all its addresses
// count as one.
const subnet = 64

// Subject is who is counted.
type Subject string

// User is somebody signed in.
func User(id uuid.UUID) Subject { return Subject("user:" + id.String()) }

// Address is whoever calls from there: an IPv4 address, or the /64 of an IPv6
// one. All texts that are no address are one subject.
func Address(text string) Subject {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return "address:unknown"
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		network, _ := address.Prefix(subnet) // fails for zones and lengths out of range only
		return Subject("address:" + network.String())
	}
	return Subject("address:" + address.String())
}

func (s Subject) prefix() string { return "lyo:limit:{" + string(s) + "}:" }
