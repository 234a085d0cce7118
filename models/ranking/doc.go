// Package ranking holds the pure rules of order: of feeds, trending items, reactions, the
// steps of a learning path, and the passages that answer a query. Values in, values out.
package ranking
