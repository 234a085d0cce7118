// Package workflows tells Lyo's stories: what happens in which order, what is
// tried again and what is cleaned up. A body reads as one page; the world is
// touched by package activities only.
//
//	GenerateCourse   a topic becomes a course; query "progress" tells how far it is
//
// Workflow ids are derived from business keys in names.go, so a second start of
// the same work finds the first.
package workflows
