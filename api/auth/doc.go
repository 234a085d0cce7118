// Package auth holds the three secrets of a sign-in: passwords, access tokens
// and refresh tokens. It keeps no state of its own besides keys, and touches
// neither the database nor the network.
package auth
