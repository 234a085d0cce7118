package auth

import (
	_ "embed" // the list
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/lyoapp/lyo/models/text"
)

// commonList has the most common passwords and their component words from lists of leaked passwords:
// lower case, sorted, one per line.
//
//go:embed common.txt
var commonList string

var common = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(commonList) {
		words[word] = true
	}
	return words
})

// The two further faults of a new password.
var (
	ErrPasswordCommon    = errors.New("is among the passwords that are tried first, or made like them")
	ErrPasswordLikeEmail = errors.New("is too much like the e-mail address")
)

// CheckNewPassword reports whether a password may be chosen for an account with the address. It must
// pass CheckPassword, not be among the commonly guessed ones, and not resemble the address.
func CheckNewPassword(password, email string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	password = text.Password(password)
	if isCommon(password) {
		return ErrPasswordCommon
	}
	if likeEmail(password, email) {
		return ErrPasswordLikeEmail
	}
	return nil
}

// swaps reverses common substitutions of signs for letters.
var swaps = strings.NewReplacer("0", "o", "1", "l", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t")

// isCommon finds a word of the list behind the usual disguises: capitals, digits and signs at the
// ends, and signs for letters.
func isCommon(password string) bool {
	lower := strings.ToLower(password)
	bare := strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	tail := strings.TrimRightFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, word := range []string{lower, bare, tail, swaps.Replace(lower), swaps.Replace(bare), swaps.Replace(tail), strings.ReplaceAll(swaps.Replace(tail), "l", "i")} {
		if common()[word] {
			return true
		}
	}
	return isRun([]rune(lower))
}

// isRun finds one repeated character and runs of neighbours, such as aaaaaaaa, 23456789 and hgfedcba.
func isRun(text []rune) bool {
	for _, step := range []rune{-1, 0, 1} {
		run := true
		for i := 1; i < len(text) && run; i++ {
			run = text[i]-text[i-1] == step
		}
		if run {
			return true
		}
	}
	return false
}

// The shortest parts that are compared, and the edit distance below which two are alike.
const (
	leastPart  = 4
	leastAlike = 6
	mostEdits  = 2
)

// likeEmail compares letters and digits only, without regard to case.
func likeEmail(password, email string) bool {
	name, domain, _ := strings.Cut(email, "@")
	chosen := plain(password)
	for _, part := range []string{plain(name), plain(name + domain)} {
		if len(part) < leastPart {
			continue
		}
		backwards := []rune(part)
		slices.Reverse(backwards)
		for _, p := range []string{part, string(backwards)} {
			if strings.Contains(chosen, p) || len(chosen) >= leastPart && strings.Contains(p, chosen) ||
				len(p) >= leastAlike && edits([]rune(chosen), []rune(p)) <= mostEdits {
				return true
			}
		}
	}
	return false
}

func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// edits returns the Levenshtein distance of two texts.
func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ra := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, rb := range b {
			change := diagonal
			if ra != rb {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
