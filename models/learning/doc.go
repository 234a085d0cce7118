// Package learning holds what a user has learned and earned: progress, attempts, reviews, the ledger and its totals,
// streaks, achievements, and the scores that leaderboards are made of.
package learning
