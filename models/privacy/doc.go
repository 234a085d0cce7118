// Package privacy holds the one list of personal data, and exports, deletions and erasures of accounts. It knows every
// other domain; none knows it.
package privacy
