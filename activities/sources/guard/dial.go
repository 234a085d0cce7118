package guard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// within bounds the look-up and all attempts together: the standard client lets a dial
// continue after its request has ended.
const within = 10 * time.Second

// attempt bounds one connection, so that a dead address leaves time for the next.
const attempt = 3 * time.Second

// maxAddresses bounds how many addresses of one name are tried.
const maxAddresses = 4

type dialer struct {
	rules    rules
	resolver Resolver
	even     time.Duration // 0: a refusal comes as soon as it can
}

// dial looks the name up, checks every address, and connects to a checked one.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refused("The address is malformed.")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, refused("The address is malformed.")
	}
	// Again, since only now are international names in their final form.
	if err := d.rules.host(host); err != nil {
		return nil, err
	}
	addrs, err := d.evenly(ctx, host, uint16(number))
	if err != nil {
		return nil, err
	}
	return d.connect(ctx, network, addrs)
}

// evenly looks a name up. If a name from a user has no public address, the error takes the same
// time and is the same in all cases. Listed hosts are no secret.
func (d *dialer) evenly(ctx context.Context, host string, port uint16) ([]netip.AddrPort, error) {
	_, err := netip.ParseAddr(host)
	if err == nil || len(d.rules.hosts) > 0 {
		return d.lookup(ctx, host, port)
	}
	asking, cancel := ctx, func() {}
	if d.even > 0 {
		asking, cancel = context.WithTimeout(ctx, d.even)
	}
	defer cancel()
	addrs, err := d.lookup(asking, host, port)
	if err == nil {
		return addrs, nil
	}
	if d.even > 0 {
		<-asking.Done()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, nowhere()
}

func (d *dialer) lookup(ctx context.Context, host string, port uint16) ([]netip.AddrPort, error) {
	found, err := d.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	out := make([]netip.AddrPort, 0, len(found))
	for _, addr := range found {
		at := netip.AddrPortFrom(addr.Unmap(), port)
		// One bad address disqualifies the name: such answers are made to slip through.
		if err := d.rules.address(at); err != nil {
			return nil, err
		}
		out = append(out, at)
	}
	// IPv4 first: broken IPv6 connections fail by time-out.
	slices.SortStableFunc(out, func(a, b netip.AddrPort) int { return a.Addr().BitLen() - b.Addr().BitLen() })
	return out, nil
}

func (d *dialer) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{literal}, nil
	}
	found, err := d.resolver.LookupNetIP(ctx, "ip", canonical(host))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("the name has no address")
	}
	return found, nil
}

func (d *dialer) connect(ctx context.Context, network string, addrs []netip.AddrPort) (net.Conn, error) {
	tcp := &net.Dialer{Timeout: attempt, KeepAlive: 15 * time.Second, Control: d.control}
	var failures []error
	for _, at := range addrs[:min(len(addrs), maxAddresses)] {
		conn, err := tcp.DialContext(ctx, network, at.String())
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// control is a second check: it sees the address the system is about to connect to.
func (d *dialer) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return refused("The address is malformed.")
	}
	if err := d.rules.address(at); err != nil {
		return err
	}
	return nil
}
