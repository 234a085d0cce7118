// Package payload converts inputs and results for Temporal: bounded in size, and
// encrypted where there are keys.
package payload
