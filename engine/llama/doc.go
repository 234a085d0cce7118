// Package llama runs Gemma 3 models by llama.cpp's shared libraries, driven without cgo: it fetches
// the pinned libraries, estimates memory, loads a model and answers chats and embeddings.
//
// A failed assertion in llama.cpp ends the whole process, so this belongs in a process of its own.
package llama
