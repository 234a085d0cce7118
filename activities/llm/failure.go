package llm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
)

var (
	errStalled = errors.New("the server fell silent")
	errCut     = errors.New("the stream ended before the answer did")
	errEndless = errors.New("the answer took longer than allowed")
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
	if errors.Is(err, errPage) {
		return &Error{Kind: Misconfigured, Message: "what answers at the base URL is a web page and no model server: correct the base URL, which usually ends in /v1", Err: errPage}
	}
	return &Error{Kind: Unavailable, Message: describe(err), Err: bare(err)}
}

// explain makes a repair that no longer fits a bad answer: the same prompt in a new conversation did fit.
func explain(err error, repair bool) error {
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
	case errors.Is(err, errStalled), errors.Is(err, errCut), errors.Is(err, errEndless), errors.Is(err, errNonsense):
		return err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "the server did not answer in time"
	case errors.As(err, &network):
		return "the connection failed on " + network.Op
	default:
		return "the connection failed or its stream made no sense"
	}
}
