// Package mailtest is an SMTP server on the loopback that keeps what it accepts and
// fails as configured. It speaks the protocol over the wire, STARTTLS and AUTH included.
package mailtest
