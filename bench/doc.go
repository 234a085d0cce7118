// Command bench measures Lyo on this machine: it starts the real processes on throw-away
// servers, a Postgres that waits for the disk among them, loads them from beside and prints tables.
//
//	make bench
//	make bench BENCH='-only awards -rounds 1 -seconds 8'
//	make bench BENCH='-write docs/benchmarks'
//
// Every figure is beside a limit, or another program, that was measured in the same run, so that runs
// on different machines can be compared; each is also kept as JSON in the state directory. A benchmark
// is a function on the list in main.go; shared parts are in figures.go (percentiles, medians), laps.go
// (contenders in turn, each as fast as its clients go), race_table.go, system.go (a whole Lyo, and
// when nothing is left for it to do), cpu.go (what each process used), load.go (an open load: requests
// are sent on schedule, however slow the responses are, so that a slow server gets no relief), bare.go
// (the least counterparts, each in a process of its own like Lyo), peers.go (other programs, from the
// module in peers), fill.go (many rows, quickly), plot.go, profile.go (where the time of a process
// goes), findings.go (whether targets were reached) and page.go.
package main
