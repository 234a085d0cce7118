// Package feed holds the catalogue of feeds and searches, and selects from it for each user.
package feed
