// Package tinygguf writes tiny models shaped like Gemma 3 or 4, for tests: a megabyte that llama.cpp loads in
// milliseconds. Their text is gibberish of the right form: under a grammar their JSON ends soon, and
// free text is a heading and a few paragraphs and ends by itself.
package tinygguf
