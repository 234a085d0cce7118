package auth

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChosenPasswords(t *testing.T) {
	t.Parallel()
	const ada = "ada.lovelace@example.com"
	for _, row := range []struct {
		password, email string
		want            error
	}{
		{"correct horse", ada, nil},
		{"correct horse battery", ada, nil},
		{"learn-go-2026", "me@example.com", nil},
		{"staple lantern", ada, nil},
		{"пароль-и-замок", ada, nil},
		{"x9#Kq2!vLm", ada, nil},
		{"short12", ada, ErrPasswordShort},
		{strings.Repeat("x1", 37), ada, ErrPasswordLong},
		{"password", ada, ErrPasswordCommon},
		{"Password1", ada, ErrPasswordCommon},
		{"P@ssw0rd!", ada, ErrPasswordCommon},
		{"passw0rd2024", ada, ErrPasswordCommon},
		{"12345678", ada, ErrPasswordCommon},
		{"1234567890", ada, ErrPasswordCommon},
		{"87654321", ada, ErrPasswordCommon},
		{"aaaaaaaaaa", ada, ErrPasswordCommon},
		{"abcdefghij", ada, ErrPasswordCommon},
		{"QWERTYuiop", ada, ErrPasswordCommon},
		{"welcome2024!", ada, ErrPasswordCommon},
		{"!!iloveyou!!", ada, ErrPasswordCommon},
		{"1l0v3y0u99", ada, ErrPasswordCommon},
		{"1q2w3e4r5t", ada, ErrPasswordCommon},
		{"Football#1", ada, ErrPasswordCommon},
		{"ada.lovelace", ada, ErrPasswordLikeEmail},
		{"AdaLovelace1", ada, ErrPasswordLikeEmail},
		{"my-ada-lovelace-key", ada, ErrPasswordLikeEmail},
		{"ecalevolada", ada, ErrPasswordLikeEmail},
		{"adalovelase", ada, ErrPasswordLikeEmail},
		{"ada.lovelace@example.com", ada, ErrPasswordLikeEmail},
		{"lovelace", ada, ErrPasswordLikeEmail},
		{"ada-ada@example.com", "ada@example.com", ErrPasswordLikeEmail},
		{"abacus and beads", "ab@example.com", nil},
	} {
		require.Equal(t, row.want, CheckNewPassword(row.password, row.email), row.password)
	}
}

func TestTheListOfCommonPasswords(t *testing.T) {
	t.Parallel()
	words := strings.Fields(commonList)
	require.Greater(t, len(words), 300)
	require.True(t, slices.IsSorted(words))
	require.Len(t, slices.Compact(slices.Clone(words)), len(words))
	for _, word := range words {
		require.Equal(t, strings.ToLower(word), word)
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"é", "e", 1}} {
		require.Equal(t, row.want, edits([]rune(row.a), []rune(row.b)))
		require.Equal(t, row.want, edits([]rune(row.b), []rune(row.a)))
	}
}
