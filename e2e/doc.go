// Package e2e tests a whole Lyo from outside: real processes of the lyo program, a
// real Postgres, Redis and Temporal, and a fake model server that speaks the real
// protocol. It has only tests.
package e2e
