// Package rest is the part of the HTTP interface that every resource needs and no domain knows:
// operations and their limits, problem documents, paging, ETags, strict JSON, the rules of texts,
// middleware and the OpenAPI document. It imports models/store for the errors and models/text for the
// rules of texts.
//
// Of the files, register.go adds an operation, body.go and strict_json.go read its input, to_problem.go
// maps its errors, and page.go and etag.go help to write its answer.
package rest
