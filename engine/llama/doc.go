// Package llama runs Gemma 3 models with llama.cpp's shared libraries, called without cgo: it
// downloads the pinned libraries, estimates memory, loads a model and serves chats and embeddings.
//
// A failed assertion in llama.cpp ends the whole process, so it should run in a process of its own.
package llama
