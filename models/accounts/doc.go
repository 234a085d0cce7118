// Package accounts holds users, their sessions, roles, mails and blocks, and the lock that all work for an account shares.
package accounts
