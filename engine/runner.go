package engine

import (
	"context"
	"errors"
)

// Errors of a Runner about a request, found with errors.Is. Both are the client's fault.
var (
	// ErrTooLong reports that a prompt leaves no room for an answer.
	ErrTooLong = errors.New("the prompt is longer than the model's context")
	// ErrUnsupported reports that this model cannot serve the request: chat with an embeddings model, for example.
	ErrUnsupported = errors.New("this model cannot do that")
)

// Runner is a loaded model. It serves Options.Slots calls at once; every call returns soon
// after its context ends. Close is called once, with no call running.
type Runner interface {
	// Chat answers r, passing the text to emit piece by piece, whole characters each, on
	// the caller's goroutine. An error from emit ends the answer and is returned.
	Chat(ctx context.Context, r ChatRequest, emit func(text string) error) (ChatResult, error)
	// Embed returns one vector a text and the number of tokens read.
	Embed(ctx context.Context, texts []string) ([][]float32, int, error)
	Close() error
}

// ChatRequest is one conversation to continue. The turns alternate, the user's first and last.
type ChatRequest struct {
	Messages    []Message
	Grammar     string // GBNF; empty: free text
	MaxTokens   int    // of the answer; 0: as many as fit the context
	Temperature float64
	TopP        float64
	TopK        int
	Seed        uint32
	Stop        []string // the answer ends before any of these
}

// Message is one turn; Role is "user" or "assistant".
type Message struct{ Role, Content string }

// ChatResult is how an answer ended: Finish is "stop" or "length".
type ChatResult struct {
	Finish                    string
	InputTokens, OutputTokens int
}
