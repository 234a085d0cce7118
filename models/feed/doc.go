// Package feed holds the catalogue of what feeds and searches show, and what they choose from it for whom.
package feed
