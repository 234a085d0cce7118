package auth

import "golang.org/x/sys/unix"

// niceness leaves the thread about a tenth of the share of a contended core that others get. With a
// lower share, Go's garbage collector, which waits for every thread to stop, would wait long for this
// one on a busy machine.
const niceness = 10

// lowerPriority lowers the priority of the calling thread. If that is refused, the thread keeps its
// priority.
func lowerPriority() {
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness)
}
