package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// Free ports are searched below the range of outgoing connections, any of which could
// take the port before its server does.
const (
	lowestFree  = 10_000
	highestFree = 30_000
	portTries   = 100
)

// FreePort returns a TCP port on loopback that was free just now. It is not reserved: the caller must
// be prepared to try another.
func FreePort() (int, error) {
	var err error
	for range portTries {
		port := lowestFree + rand.IntN(highestFree-lowestFree)
		if err = CheckPort(port); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}

// CheckPort returns nil if a server can listen on the loopback port now.
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
