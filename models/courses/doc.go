// Package courses holds courses with their lessons and items, how they are generated, the queue of a user's
// generations, and the material they are written from.
package courses
