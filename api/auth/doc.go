// Package auth implements the secrets of a sign-in: passwords, access tokens and refresh tokens. It
// keeps no state besides keys, and uses neither the database nor the network.
package auth
