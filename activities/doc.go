// Package activities touches the world on behalf of the workflows: the model
// and Postgres. Every activity may run twice; its comment names the key that
// makes the second run harmless.
package activities
