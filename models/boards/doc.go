// Package boards keeps leaderboards in Redis, where the top and somebody's own place cost
// the same however many learners there are, and answers from Postgres whenever Redis
// cannot be believed.
//
// Postgres has the truth: whoever's place changes leaves a row in board_changes in the
// same transaction. Bringing these rows to Redis takes turns under a lock of Postgres.
// Each time both sides get the same new stamp, so a Redis that was flushed, brought back
// from an old copy, or changed by somebody whose lock was lost, has another stamp than
// Postgres and is not asked until the boards are built again from the ledger.
package boards
