package auth

import "runtime"

// lowPriority runs the work on its own operating system thread with a lower priority. A hash keeps a
// core busy for its whole duration, and other requests, which take a thousandth of that, must not wait
// for it. The thread stays locked to the goroutine and ends with it, so no other goroutine runs on it.
func lowPriority(work func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		lowerPriority()
		done <- work()
	}()
	return <-done
}
