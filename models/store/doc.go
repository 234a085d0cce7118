// Package store is what every domain of models rests on: the connection, errors with codes, the outbox, the audit log,
// pages of lists and kinds of columns. It knows no domain.
package store
