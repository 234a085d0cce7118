// Package boards keeps leaderboards in Redis, where the top and a user's own rank cost
// the same however many learners there are, and answers from Postgres whenever Redis is
// missing or stale.
//
// Postgres has the truth: each change of a rank leaves a row in board_changes in the same
// transaction. These rows are applied to Redis under a lock of Postgres, one process at a
// time. Each time both sides get the same new stamp, so a Redis that was flushed, restored
// from an old copy, or changed by a process that lost its lock has another stamp than
// Postgres and is not used until the boards are built again from the ledger. They also say which
// running database they are of: a copy, or a state that was restored, has another name.
package boards
