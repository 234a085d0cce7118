// Package local runs private Postgres, Redis and Temporal servers on this machine, without
// containers: it finds or downloads their programs, starts them on loopback, waits until they
// respond by their own protocol, and stops them.
//
// Every server is a child that dies with this process, even when this process is killed with -9:
// on Linux the kernel ends it, elsewhere the next start ends the process in its pid file. This
// covers the child itself; a child must end its own children. Linux and macOS are supported.
package local
