package llama

import "errors"

// Errors that callers distinguish, with errors.Is.
var (
	// ErrTooLong reports that a prompt or text does not fit the model's context.
	ErrTooLong = errors.New("the text is longer than the model's context")
	// ErrUnsupported reports that the model was not loaded for this use.
	ErrUnsupported = errors.New("the model was not loaded for this")
	// ErrGrammar reports that llama.cpp rejected the grammar.
	ErrGrammar = errors.New("llama.cpp does not take this grammar")
	// ErrClosed reports that the model was closed.
	ErrClosed = errors.New("the model is closed")
	// ErrFile reports that a file is not a GGUF file that can be loaded.
	ErrFile = errors.New("not a usable GGUF file")
	// ErrNoLibraries reports that there are no shared libraries and no way to download them.
	ErrNoLibraries = errors.New("llama.cpp's shared libraries are missing")
)
