// Command bench measures what a Lyo withstands on this machine: it starts the real
// API on throw-away servers, loads it from beside and prints a table.
//
//	make bench
//	make bench BENCH='-only logins -rounds 1 -seconds 20'
//
// The load is open: requests are sent when they are due, however slow the answers
// are, so that a slow server gets no relief.
package main
