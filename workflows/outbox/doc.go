// Package outbox is the only way in which workflows are started and cancelled. A
// handler commits an outbox message with its rows and then asks Dispatcher to
// dispatch it at once; Relay dispatches what a crash or an unreachable Temporal left
// behind. Workflow ids make dispatching a message twice the same as once.
package outbox
