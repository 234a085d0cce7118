package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/store"
)

// Failure types as Temporal shows them, beside the codes of package models.
const (
	FailureNoText    = "no_text"     // there is too little text to make a course of quotations
	FailureBadAnswer = "bad_answer"  // the model answered, but nothing usable
	FailureStopping  = "stopping"    // the worker is stopping; another one continues
	FailureLost      = "worker_lost" // its worker ended in the middle of it, too often
	FailureInternal  = "internal"

	// FailureMisconfigured is a model server that refuses for good; the message says what to change.
	FailureMisconfigured = "misconfigured"
)

// finalCodes fail the same way each time, so a retry is pointless.
var finalCodes = map[store.Code]bool{
	store.Invalid: true, store.Unauthenticated: true, store.Forbidden: true,
	store.NotFound: true, store.Conflict: true, store.Precondition: true,
	store.TopicNotAllowed: true,
}

// toApplicationError gives an error the type and the retry rule that Temporal acts on.
func toApplicationError(err error) error {
	var coded *store.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &coded):
		return failure(coded.Message, string(coded.Code), err, finalCodes[coded.Code], coded.RetryAfter)
	case store.IsRefusedData(err):
		return failure("The database refuses this data.", FailureInternal, err, true, 0)
	default:
		return failure("An internal error.", FailureInternal, err, false, 0)
	}
}

// toModelError is toApplicationError for an error of the model. A bad answer is worth
// another try or two, since sampling differs; a misconfiguration is not.
func toModelError(err error, attempt int32) error {
	var fault *llm.Error
	if !errors.As(err, &fault) {
		return toApplicationError(err)
	}
	switch fault.Kind {
	case llm.BadAnswer:
		return failure("The model gave no usable answer.", FailureBadAnswer, err, attempt >= badAnswerTries, 0)
	case llm.Misconfigured:
		return failure("The model is not set up right: "+fault.Message+".", FailureMisconfigured, err, true, 0)
	default:
		return failure("The model cannot be reached.", string(store.Unavailable), err, false, fault.RetryAfter)
	}
}

const badAnswerTries = 3

func failure(message, kind string, cause error, final bool, after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions(message, kind, temporal.ApplicationErrorOptions{
		NonRetryable: final, Cause: cause, NextRetryDelay: after,
	})
}

// isUnusable reports an error of toModelError: the model gave no usable answer.
func isUnusable(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.Type() == FailureBadAnswer
}

// outcomeOf returns the type of a failed call, for the record of its cost.
func outcomeOf(err error) string {
	var app *temporal.ApplicationError
	switch {
	case errors.As(err, &app): // first: that of a stopping worker is caused by a cancel
		return app.Type()
	case errors.Is(err, context.Canceled):
		return "cancelled"
	default:
		return FailureInternal
	}
}
