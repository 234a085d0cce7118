package auth

import "runtime"

// aside does the work on a thread of its own that stands back behind every other
// one: a hash keeps a core busy for as long as it takes, and what else a server
// does takes a thousandth of that, so it should never wait for one. The thread is
// never unlocked, so it ends with the goroutine and nobody else gets it.
func lowPriority(work func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		lowerPriority()
		done <- work()
	}()
	return <-done
}
