package main

// boardAims and postsAims are the targets of their benchmarks.
var (
	boardAims = []string{
		"`lyo api`: the top 50 and the places around oneself 0.5 of bare Gin, Redis and pgx", "an award 0.5 of a bare insert into the ledger",
		"without HTTP, p99 of a read at most 5 ms", "built anew within 60 s",
	}
	postsAims = []string{"20 of 10,000 posts 0.6 of bare Gin and pgx with the same query, p99 at most twice", "a new post 0.5 of a bare insert of its row"}
)
