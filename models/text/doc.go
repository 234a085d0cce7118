// Package text has the rules for what people call themselves and write: one
// function a rule, from the value as it came to the value as it is stored, or an
// error that says in words what is wrong with it. Every door calls the same
// ones. The rules are idempotent: what they return, they return again.
package text

import "errors"

// The faults that a rule finds, as they are told to whoever sent the text.
var (
	ErrBlank     = errors.New("must not be blank")
	ErrControl   = errors.New("must not contain control characters")
	ErrControls  = errors.New("must not contain control characters but line breaks and tabs")
	ErrDirection = errors.New("must not contain characters that turn the direction of what follows")
	ErrInvisible = errors.New("must not contain invisible characters")
	ErrMarks     = errors.New("must not stack more than 8 marks on one character")
)
