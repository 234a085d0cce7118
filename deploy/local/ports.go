package local

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

const loopback = "127.0.0.1"

// FreePort is a TCP port on loopback that was free a moment ago. Nothing
// reserves it: who starts a server on it must be ready to try another.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	chosen, err := netip.ParseAddrPort(listener.Addr().String())
	return int(chosen.Port()), errors.Join(err, listener.Close())
}

// CheckPort is nil when a server can listen on that loopback port now.
func CheckPort(port int) error {
	listener, err := net.Listen("tcp", address(port))
	if err != nil {
		return fmt.Errorf("port %d: %w", port, err)
	}
	return listener.Close()
}

func portOrFree(port int) (int, error) {
	if port != 0 {
		return port, nil
	}
	return FreePort()
}

func address(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}
