package ratelimit

import (
	"net/netip"

	"github.com/google/uuid"
)

// subnet is the prefix length of an IPv6 customer, whose addresses all count as one.
const subnet = 64

// Subject identifies who is charged.
type Subject string

// User returns the subject of a user.
func User(id uuid.UUID) Subject { return Subject("user:" + id.String()) }

// Address returns the subject of an IPv4 address, or of the /64 network of an IPv6 address. All texts
// that are no address are one subject.
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
