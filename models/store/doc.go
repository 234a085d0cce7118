// Package store is the base of every domain of models: the connection, errors with codes, the outbox, the audit log,
// paging and column types. It knows no domain.
package store
