// Package api is Lyo over HTTP: typed operations by Huma on Gin's router, one
// file a resource, all routes in routes.go.
//
// A handler takes a checked input and returns an output or an error. It never
// writes to the response: errors become problem documents in to_problem.go, by
// the code that the error got where it arose.
package api
