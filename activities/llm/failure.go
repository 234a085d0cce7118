package llm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/openai/openai-go/v3/packages/ssestream"
)

var (
	errStalled = errors.New("the server fell silent")
	errCut     = errors.New("the stream ended before the answer did")
)

// failure converts the error of a request. The caller's own context comes first: a
// cancelled call must not look like a broken server.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("llm: %w", ctx.Err())
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if errors.Is(err, errTooLarge) {
		return &Error{Kind: BadAnswer, Message: errTooLarge.Error(), Err: errTooLarge}
	}
	return &Error{Kind: Unavailable, Message: describe(err), Err: bare(err)}
}

// explain parses a server's error within the stream. A repair that no longer fits is a bad
// answer: the same prompt in a new conversation did fit.
func explain(err error, repair bool) error {
	if event, ok := errors.AsType[*ssestream.StreamError](err); ok {
		c, _ := readComplaint(event.Event.Data)
		err = c.toError(c.status(), "the server reported an error within the stream", 0)
	}
	if repair && errors.Is(err, errContext) {
		return &Error{Kind: BadAnswer, Message: "the answer was refused, and its repair does not fit the server's context", Err: errContext}
	}
	return err
}

// bare removes the wrapper that quotes the address, which may contain credentials.
func bare(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		err = at.Err
	}
	return err
}

func describe(err error) string {
	var network *net.OpError
	switch {
	case errors.Is(err, errStalled), errors.Is(err, errCut):
		return err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "the server did not answer in time"
	case errors.As(err, &network):
		return "the connection failed on " + network.Op
	default:
		return "the connection failed or its stream made no sense"
	}
}
