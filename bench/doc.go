// Command bench measures Lyo on this machine: it starts the real API on throw-away
// servers, loads it from other processes and prints tables.
//
//	make bench
//	make bench BENCH='-only logins -rounds 1 -seconds 20'
//	make bench BENCH='-write docs/benchmarks'
//
// Every figure is beside a limit that was measured in the same run, so that runs on different
// machines can be compared. A benchmark is a function on the list in main.go; shared parts
// are in figures.go (percentiles, medians), laps.go (contenders in turn, each as fast as its
// clients go), load.go (an open load: requests are sent on schedule, however slow the
// responses are, so that a slow server gets no relief), bare.go (the bare counterparts, each
// in a process of its own like Lyo), fill.go (many rows, quickly), plot.go, profile.go (where
// the time of a process goes), findings.go (whether targets were reached) and page.go.
package main
