// Package api is Lyo over HTTP: typed operations by Huma on Gin's router, one file per resource, all
// routes in routes.go. A handler takes a validated input and returns an output or an error. It never
// writes to the response. Errors become problem documents in to_problem.go, by their code.
package api
