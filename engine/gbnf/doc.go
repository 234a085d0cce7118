// Package gbnf converts a subset of JSON schema to grammars that llama.cpp enforces while a
// model writes. Unsupported schemas are an error, never silently relaxed.
package gbnf
