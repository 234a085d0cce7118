// Package gbnf turns a subset of JSON schema into grammars that llama.cpp enforces while a model
// writes. What it cannot express is an error, never silently left open.
package gbnf
