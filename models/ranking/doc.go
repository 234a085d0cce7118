// Package ranking holds the pure rules of what comes first: the order of a feed, what trends,
// what a reaction is worth, the steps of a learning path, the passages that answer a query.
// Values in, values out.
package ranking
