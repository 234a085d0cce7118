package failover

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lyoapp/lyo/activities/llm"
)

// failure is the reason why one endpoint gave no answer. A nil err means that it was skipped.
// wait is how long its breaker stays open.
type failure struct {
	name string
	err  error
	wait time.Duration
}

func (f failure) kind() llm.Kind {
	if f.err == nil {
		return llm.Unavailable
	}
	return llm.KindOf(f.err)
}

// after returns when this endpoint may be called again, 0 if unknown.
func (f failure) after() time.Duration {
	if e, ok := errors.AsType[*llm.Error](f.err); ok && e.RetryAfter > 0 {
		return max(e.RetryAfter, f.wait)
	}
	return f.wait
}

// reason returns a text that is safe to log, as the messages of llm.Error are.
func (f failure) reason() string {
	if e, ok := errors.AsType[*llm.Error](f.err); ok {
		return fmt.Sprintf("%s: %s", f.name, e.Message)
	}
	return f.name + ": passed over after failing repeatedly"
}

type failures []failure

// best returns the error most useful to the caller: the kind that is likely to pass
// soonest, with the shortest wait after which some endpoint may answer.
func (fs failures) best(cooldown time.Duration) error {
	if len(fs) == 0 {
		return &llm.Error{Kind: llm.Misconfigured, Message: "no endpoint is configured"}
	}
	if len(fs) == 1 && fs[0].err != nil {
		return fs[0].err
	}
	var reasons []string
	var causes []error
	for _, f := range fs {
		reasons, causes = append(reasons, f.reason()), append(causes, f.err)
	}
	kind := fs.kind()
	return &llm.Error{
		Kind: kind, RetryAfter: fs.after(kind, cooldown), Err: errors.Join(causes...),
		Message: "no endpoint could answer: " + strings.Join(reasons, "; "),
	}
}

func (fs failures) kind() llm.Kind {
	for _, kind := range []llm.Kind{llm.Overloaded, llm.Unavailable} {
		for _, f := range fs {
			if f.kind() == kind {
				return kind
			}
		}
	}
	return llm.Misconfigured
}

// after returns the shortest wait. Beside an overloaded endpoint, one that failed without a
// hint counts with the time after which a breaker would try it again.
func (fs failures) after(kind llm.Kind, cooldown time.Duration) time.Duration {
	if kind == llm.Misconfigured {
		return 0
	}
	least := time.Duration(-1)
	for _, f := range fs {
		if f.kind() == llm.Misconfigured {
			continue
		}
		after := f.after()
		if after == 0 && kind == llm.Overloaded && f.kind() == llm.Unavailable {
			after = cooldown
		}
		if least < 0 || after < least {
			least = after
		}
	}
	return least
}
