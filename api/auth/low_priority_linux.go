package auth

import "golang.org/x/sys/unix"

// niceness leaves the thread about a tenth of what others get of a core they all want.
// With less, Go's garbage collector, which waits for every thread to stop, would wait
// long for this one on a busy machine.
const niceness = 10

// lowerPriority lowers the priority of the calling thread. Where that is refused the
// thread stays as it is.
func lowerPriority() {
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness)
}
