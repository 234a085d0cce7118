package llama

import "errors"

// What callers tell apart, with errors.Is.
var (
	// ErrTooLong says that a prompt or text does not fit the model's context.
	ErrTooLong = errors.New("the text is longer than the model's context")
	// ErrUnsupported says that the model was not loaded for what is asked of it.
	ErrUnsupported = errors.New("the model was not loaded for this")
	// ErrGrammar says that llama.cpp refused the grammar.
	ErrGrammar = errors.New("llama.cpp does not take this grammar")
	// ErrClosed says that the model was closed.
	ErrClosed = errors.New("the model is closed")
	// ErrFile says that a file is no GGUF file that can be loaded.
	ErrFile = errors.New("not a usable GGUF file")
	// ErrNoLibraries says that there are no shared libraries and no way to fetch them.
	ErrNoLibraries = errors.New("llama.cpp's shared libraries are missing")
)
