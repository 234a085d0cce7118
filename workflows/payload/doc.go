// Package payload is how inputs and results travel to Temporal: never larger than
// a bound, and encrypted where there are keys.
package payload
