// Command bench measures what a Lyo withstands on this machine: it starts the real
// API on throw-away servers, loads it from beside and prints tables.
//
//	make bench
//	make bench BENCH='-only logins -rounds 1 -seconds 20'
//	make bench BENCH='-write docs/benchmarks'
//
// Every figure stands beside a limit that was measured in the same run, so that runs on
// different machines can be compared. A benchmark is a function on the list in main.go;
// what they share is in figures.go (percentiles, medians), laps.go (contenders in turn,
// each as fast as its clients go), load.go (an open load: requests are sent when they
// are due, however slow the answers are, so that a slow server gets no relief), bare.go
// (the bare counterparts, each in a process of its own as Lyo is), fill.go (many rows,
// quickly), plot.go, profile.go (where the time of a process goes), findings.go (whether aims
// were reached) and page.go.
package main
