// Package mail writes Lyo's mails and hands them to an SMTP server, or puts them
// into a folder where there is none.
package mail
