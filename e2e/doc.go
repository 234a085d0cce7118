// Package e2e walks through a whole Lyo from outside: real processes of the lyo
// program, a real Postgres, Redis and Temporal, and a stand-in for the model
// that speaks its protocol. There is nothing here but tests.
package e2e
