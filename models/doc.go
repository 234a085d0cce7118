// Package models holds the rows Lyo keeps in Postgres, the rules they obey and
// the transactions that keep them.
//
// Functions take (ctx, db, ...), where db may be a transaction: the outermost
// caller owns it. Nothing here calls the network other than Postgres.
package models
