// Package activities performs the side effects of the workflows: model calls and
// database work. Every activity may run twice; its comment names the key that
// makes the second run harmless.
package activities
