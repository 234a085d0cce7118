// Package realtime brings the events of a task to the clients that watch it: sockets,
// long polls and plain polls, in any process of the API.
//
// A Hub, one a process, keeps a topic for each watched task. A topic has all events
// of the task so far, in order, in memory; readers are positions in it and have no
// state of their own. One goroutine a topic, its watcher, keeps it up to date. Among
// all processes only the one with the lease in Redis queries the workflow; it shares
// the events, and the others subscribe. Redis only carries: without it every process
// queries for itself, and whatever it lost is read again.
//
// An event joins a topic only when its seq is the next one, so readers see each event
// once and in order whatever way it came.
package realtime
