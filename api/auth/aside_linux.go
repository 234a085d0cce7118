package auth

import "golang.org/x/sys/unix"

// standBack gives the calling thread the lowest priority that still gets the
// processor when others want it too. Where that is refused the thread stays as it is.
func standBack() {
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19)
}
