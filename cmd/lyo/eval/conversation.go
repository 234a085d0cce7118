package eval

import (
	"context"
	"errors"
	"time"

	"github.com/lyoapp/lyo/activities/llm"
)

// Outcomes of a conversation, besides the kinds of llm.Error.
const (
	first    = "first"    // the first answer was accepted
	repaired = "repaired" // the answer to the repair turn was
	smaller  = "smaller"  // only the answer to the smaller task was
	other    = "other"    // failed with an error without a kind
)

// Conversation is one request to the model, including its repair, its smaller task and its retries
// after failures of the server.
type Conversation struct {
	Kind    string // outline, lesson, practice or solve
	Outcome string
	Model   string // that answered last
	In, Out int    // tokens
	Seconds float64
	Tries   int // 1, or more after failures of the server
}

// retries is the number of retries after a failure or overload of the server.
const retries = 2

// converse sends requests until there is an answer or a failure to count. A conversation interrupted by
// the end of ctx is not counted.
func converse[T any](ctx context.Context, s *session, kind string, call func() (T, llm.Usage, error)) (T, bool) {
	var none T
	record := Conversation{Kind: kind}
	for ctx.Err() == nil {
		value, usage, err := call()
		record.add(usage)
		if err != nil && ctx.Err() != nil {
			break
		}
		if !passing(err) || record.Tries > retries {
			record.Outcome = outcome(usage, err)
			s.course.Conversations = append(s.course.Conversations, record)
			return value, err == nil
		}
		if s.o.Wait(ctx, pauseAfter(err, s.o.Pause)) != nil {
			break
		}
	}
	return none, false
}

func (c *Conversation) add(u llm.Usage) {
	c.Tries++
	c.In += u.InputTokens
	c.Out += u.OutputTokens
	c.Seconds += u.Seconds
	if u.Model != "" {
		c.Model = u.Model
	}
}

// passing reports whether a failure of the server is temporary.
func passing(err error) bool {
	kind := llm.KindOf(err)
	return kind == llm.Unavailable || kind == llm.Overloaded
}

// pauseAfter returns the delay that the server asks for, up to a minute.
func pauseAfter(err error, least time.Duration) time.Duration {
	if e, ok := errors.AsType[*llm.Error](err); ok {
		return max(least, min(e.RetryAfter, time.Minute))
	}
	return least
}

// outcome depends on repairs rather than on the number of requests, since a failed
// server before another one's answer says nothing about answers.
func outcome(u llm.Usage, err error) string {
	switch {
	case err != nil && llm.KindOf(err) != "":
		return string(llm.KindOf(err))
	case err != nil:
		return other
	case u.Smaller:
		return smaller
	case u.Repairs > 0:
		return repaired
	default:
		return first
	}
}
