// Package mail composes Lyo's mails and sends them to an SMTP server, or writes them to a
// folder where there is none.
package mail
