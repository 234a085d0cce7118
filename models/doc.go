// Package models holds the rows Lyo keeps in Postgres, the rules they obey and
// the transactions that keep them.
//
// Functions take (ctx, db, ...), where db may be a transaction: the outermost
// caller owns it. Nothing here calls the network other than Postgres.
//
// A transaction takes its locks in this order; it may leave any of them out:
//
//  1. the account: accounts.RequireActive shares it, accounts.Lock has it alone and locks the row of users
//  2. the user's advisory locks: what they write (community.AuthorContext), push preferences, sources
//  3. tasks: one, or all open ones of a course or user in one statement
//  4. the course
//  5. posts, several in the order of their ids
//  6. comments, under the post of theirs where more changes than their likes
//  7. the user's queue of generations (advisory), then new tasks and rows of the outbox, which
//     are taken with SKIP LOCKED where many are looked at
//  8. the user's totals and ledger
//
// InteractAll takes courses and posts together, in the order of their ids. StopWork goes from
// queue to course again for each task, under the account that it has alone. Sessions, exports,
// reports and sources lock one row of their own.
package models
