// Package text has the rules for names and texts of users: one function a rule, from
// the value as received to the value as stored, or an error that says in words what
// is wrong with it. Every entry point uses the same ones. The rules are idempotent.
package text

import "errors"

// The errors of the rules, shown to the user who sent the text.
var (
	ErrBlank     = errors.New("must not be blank")
	ErrControl   = errors.New("must not contain control characters")
	ErrControls  = errors.New("must not contain control characters but line breaks and tabs")
	ErrDirection = errors.New("must not contain characters that turn the direction of what follows")
	ErrInvisible = errors.New("must not contain invisible characters")
	ErrMarks     = errors.New("must not stack more than 8 marks on one character")
)
