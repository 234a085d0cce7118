// Package local runs private Postgres, Redis and Temporal servers on this
// machine, without containers: it finds or fetches their programs, starts them
// on loopback, waits until they answer their own protocol, and ends them.
//
// Every server is a child that dies with this process, even when this process
// is killed with -9: on Linux the kernel sees to it, elsewhere the next start
// ends what a pid file remembers. That holds for the child itself: one that has
// children of its own must see to them. Linux and macOS are supported.
package local
