// Package realtime brings the story of a task to whoever watches it: sockets,
// long polls and plain polls, in any process of the API.
//
// A Hub, one a process, keeps a topic for each task somebody watches. A topic is
// the task's whole story so far, in order, in memory; readers are places in it
// and hold nothing themselves. One goroutine a topic keeps the story fresh.
// Among all processes only the holder of a lease in Redis asks the workflow; it
// shares what it learns, and the others listen. Redis only carries: without it
// every process asks for itself, and whatever it lost is learned again.
//
// An event joins a topic only when its seq is the next one, so readers see each
// event once and in order whatever way it came.
package realtime
