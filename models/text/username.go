package text

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The bounds of a user name, in characters. The upper one applies to its key too.
const (
	leastUsername = 3
	MostUsername  = 100
)

// The errors that only user names have.
var (
	ErrUsernameShort = errors.New("must have at least 3 characters")
	ErrUsernameLong  = errors.New("must have at most 100 characters, also when they are written out")
	ErrUsernameEnds  = errors.New("must not begin or end with a space")
	ErrUsernameSigns = errors.New("must have only letters, digits, marks, punctuation, symbols and spaces")
)

// Username returns a user name as it is stored and shown, in NFC. It has no
// invisible character at all. Two are the same when their Keys are.
func Username(s string) (string, error) {
	s = norm.NFC.String(valid(s))
	switch {
	case strings.ContainsFunc(s, breaks):
		return s, ErrControl
	case strings.ContainsFunc(s, Invisible):
		return s, ErrInvisible
	case s != strings.TrimSpace(s):
		return s, ErrUsernameEnds
	case strings.ContainsFunc(s, func(r rune) bool {
		return r != ' ' && !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
	}):
		return s, ErrUsernameSigns
	case !Visible(s):
		return s, ErrBlank
	case stacked(s):
		return s, ErrMarks
	case utf8.RuneCountInString(s) < leastUsername:
		return s, ErrUsernameShort
	case utf8.RuneCountInString(s) > MostUsername, utf8.RuneCountInString(Key(s)) > MostUsername:
		return s, ErrUsernameLong
	}
	return s, nil
}
