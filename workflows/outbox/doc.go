// Package outbox is the one door through which workflows are started and
// cancelled. A handler commits a promise with its rows and then asks Starter to
// keep it at once; Relay keeps what a crash or an unreachable Temporal left
// behind. Workflow ids make keeping a promise twice the same as once.
package outbox
