package main

// The targets of the benchmarks with several of them.
var (
	awardsAims = []string{
		"sustained 0.15 of the least handler that writes ledger, total and rank", "at most 2 ms of CPU in all processes",
		"a course behind 2,000 awards starts at most 0.2 s later than when nothing else is done",
	}
	postsAims = []string{
		"20 of 10,000 posts 0.6 of the least Gin and pgx, 2.5 times PocketBase, p99 at most twice the least's",
		"a new post sustained 0.8 of PocketBase, at most 2 ms of CPU in all processes",
	}
	coursesAims = []string{
		"at least 8 a second", "at most 200 ms of CPU in all processes", "one alone at most 100 ms more than its bare run",
	}
	boardAims  = []string{"the top 50 0.9 of bare Gin, Redis and names, with a million learners", "without HTTP, p99 of a read at most 5 ms", "built anew within 60 s"}
	searchAims = []string{"75 a second in a million documents, p99 at most 150 ms", "0.5 of the same SQL alone"}
)
