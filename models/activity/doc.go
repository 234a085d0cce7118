// Package activity holds what a user did that others, or the ranking of feeds, get to know: entries of feeds, and
// engagements with things.
package activity
