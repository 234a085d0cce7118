// Package tinygguf writes tiny models shaped like Gemma 3, for tests: a megabyte that
// llama.cpp loads in milliseconds. What they write is gibberish, but of the right form: under a grammar
// their JSON ends soon, and without one they write a heading and a few paragraphs and end by themselves.
package tinygguf
